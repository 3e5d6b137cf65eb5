try:
    from binascii import a2b_base64 as _mw_base64
except ImportError:
    from ubinascii import a2b_base64 as _mw_base64
