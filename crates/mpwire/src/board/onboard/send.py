# Writes files as frames (frames.rs of mpwire-proto): for each file its length as an answer, its blocks of
# size bytes but the first skip, an empty one, and the SHA-256 of all that was read. The last byte of
# each frame counts down from 255 within a file, so that a lost frame is noticed.
#
# One write for each frame, so that nothing that a thread prints gets into it; TinyUSB may write less
# than that. Nobody waits for a frame before the next write, so that ESP USB-JTAG may hold back what
# it likes.


def _mw_s(files, size):
    import binascii, hashlib, sys

    def send(data):
        data += bytes([skip & 255])
        data = b"\2%04x%08x" % (len(data), binascii.crc32(data)) + data
        while data:
            data = data[sys.stdout.buffer.write(data) :]

    for path, skip in files:
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            # No empty block, so that the loop begins.
            data = print("\2%d\3" % file.seek(0, 2)), file.seek(0)
            while data:
                data = file.read(size)
                digest.update(data)
                skip -= 1
                if skip < 0:
                    send(data)
        send(digest.digest())
