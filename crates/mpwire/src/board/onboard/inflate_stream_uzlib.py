# What deflate.DeflateIO does, on firmware before 1.21.


def _mw_inflate(source, form, bits):
    try:
        from zlib import DecompIO
    except ImportError:
        from uzlib import DecompIO
    return DecompIO(source, -bits)
