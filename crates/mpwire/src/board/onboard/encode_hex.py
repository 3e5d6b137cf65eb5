try:
    from binascii import hexlify as _mw_encode
except ImportError:
    from ubinascii import hexlify as _mw_encode
