try:
    from binascii import hexlify as _mpwire_encode
except ImportError:
    from ubinascii import hexlify as _mpwire_encode
