# The module that inflated before 1.21, made of the one that does it since.
import deflate, io


def DecompIO(stream, wbits=0):
    if wbits < 0:
        return deflate.DeflateIO(stream, deflate.RAW, -wbits)
    if wbits > 15:
        return deflate.DeflateIO(stream, deflate.GZIP, wbits - 16)
    return deflate.DeflateIO(stream, deflate.ZLIB, wbits)


def decompress(data, wbits=0):
    return DecompIO(io.BytesIO(data), wbits).read()
