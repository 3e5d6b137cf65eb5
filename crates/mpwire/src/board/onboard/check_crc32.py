try:
    from binascii import crc32 as _mw_check
except ImportError:
    from ubinascii import crc32 as _mw_check
