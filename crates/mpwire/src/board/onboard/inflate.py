# Turns pieces of one raw deflate stream into the file's data, with one window for the whole file.
# Each piece ends on a sync flush, so that its output can be read whole. What the decoder has not
# read by then (the end-of-block code and the flush's marker) must stand before the next piece,
# and the stream object is the same throughout, refilled.


def _mw_inflater(bits, put):
    import binascii, deflate, io

    source = io.BytesIO()
    stream = deflate.DeflateIO(source, deflate.RAW, bits)
    end = 0

    def inflate(text, size):
        nonlocal end
        rest = source.read(end - source.tell())
        source.seek(0)
        end = source.write(rest) + source.write(binascii.a2b_base64(text))
        source.seek(0)
        while size:
            block = stream.read(min(size, 1024))
            if not block:
                raise OSError(5)
            put(block)
            size -= len(block)

    return inflate
