# bytes.fromhex is the younger of the two, and either may be missing.
try:
    _mw_hex = bytes.fromhex
except AttributeError:
    try:
        from binascii import unhexlify as _mw_hex
    except ImportError:
        from ubinascii import unhexlify as _mw_hex
