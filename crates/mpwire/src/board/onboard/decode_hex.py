# bytes.fromhex is the younger of the two, and either may be missing.
try:
    _mpwire_hex = bytes.fromhex
except AttributeError:
    try:
        from binascii import unhexlify as _mpwire_hex
    except ImportError:
        from ubinascii import unhexlify as _mpwire_hex
