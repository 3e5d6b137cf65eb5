# CRC-32 of memory, for firmware without SHA-256.


def _mw_rom_digest(parts):
    try:
        from binascii import crc32
    except ImportError:
        from ubinascii import crc32
    value = 0
    for part in parts:
        for start in range(0, len(part), 4096):
            value = crc32(part[start : start + 4096], value)
    return value.to_bytes(4, "big")
