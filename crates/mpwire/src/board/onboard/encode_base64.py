try:
    from binascii import b2a_base64 as _mw_encode
except ImportError:
    from ubinascii import b2a_base64 as _mw_encode
