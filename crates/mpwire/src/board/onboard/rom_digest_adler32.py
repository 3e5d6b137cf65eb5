# Adler-32 (RFC 1950) of memory, for firmware that has no checksum of its own.


def _mw_rom_digest(parts):
    a = 1
    b = 0
    for part in parts:
        for byte in part:
            a = (a + byte) % 65521
            b = (b + a) % 65521
    return bytes((b >> 8 & 255, b & 255, a >> 8, a & 255))
