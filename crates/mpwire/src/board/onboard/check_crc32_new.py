from binascii import crc32 as _mw_check
