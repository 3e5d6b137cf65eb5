# The same as inflate.py on firmware before 1.21, whose inflater is uzlib's. It reads ahead of
# nothing, but knows no refill either: each piece is a stream of its own.


def _mw_inflater(bits, put):
    try:
        from binascii import a2b_base64
    except ImportError:
        from ubinascii import a2b_base64
    try:
        from io import BytesIO
    except ImportError:
        from uio import BytesIO
    try:
        from zlib import DecompIO
    except ImportError:
        from uzlib import DecompIO

    def inflate(text, size):
        stream = DecompIO(BytesIO(a2b_base64(text)), -bits)
        while size:
            block = stream.read(min(size, 1024))
            if not block:
                raise OSError(5)
            put(block)
            size -= len(block)

    return inflate
