# Turns pieces of one raw deflate stream into the file's data, with one window for the whole file.
# Each piece ends on a sync flush, so that its output can be read whole. What the decoder has not
# read by then (the end-of-block code and the flush's marker) must stand before the next piece,
# and the stream object is the same throughout, refilled.


def _mpwire_inflater(bits, put):
    from binascii import a2b_base64
    from io import BytesIO
    from deflate import DeflateIO, RAW

    source = BytesIO()
    stream = DeflateIO(source, RAW, bits)
    end = 0

    def inflate(text, size):
        nonlocal end
        rest = source.read(end - source.tell())
        source.seek(0)
        source.write(rest)
        end = len(rest) + source.write(a2b_base64(text))
        source.seek(0)
        while size:
            block = stream.read(min(size, 1024))
            if not block:
                raise ValueError("deflate")
            put(block)
            size -= len(block)

    return inflate
