# CRC-32 of a file, for firmware without SHA-256.


def _mw_digest(path):
    try:
        from binascii import crc32
    except ImportError:
        from ubinascii import crc32
    value = 0
    with open(path, "rb") as file:
        while True:
            block = file.read(512)
            if not block:
                return value.to_bytes(4, "big")
            value = crc32(block, value)
