# The same as inflate.py for a file so small that each piece is a stream of its own and inflates
# whole in memory: half the length on the wire.


def _mw_inflater_small(bits, put):
    import binascii, deflate, io

    def inflate(text, size):
        source = io.BytesIO(binascii.a2b_base64(text))
        put(deflate.DeflateIO(source, deflate.RAW, bits).read())

    return inflate
