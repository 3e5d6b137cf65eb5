# Adler-32 (RFC 1950) of a file, for firmware that has no checksum of its own.


def _mw_digest(path):
    a = 1
    b = 0
    with open(path, "rb") as file:
        while True:
            block = file.read(64)
            if not block:
                return bytes((b >> 8 & 255, b & 255, a >> 8, a & 255))
            for byte in block:
                a = (a + byte) % 65521
                b = (b + a) % 65521
