# The same as send_changed.py, deflated where that is faster: sending a byte takes cost microseconds.
#
# The last byte of each frame counts by two. Odd ones hold a piece of a raw deflate stream, which
# stands for whole blocks and ends before anything else comes. A stream begins with a window for which
# a trial of 512 bytes has shown that searching it costs little, as far as memory goes, and ends at the
# first block that would have been sent faster as it is.


def _mw_s(files, size, cost):
    import binascii, deflate, hashlib, io, sys, time

    number = 0
    pause = 0
    now = time.ticks_us
    since = time.ticks_diff
    sink = io.BytesIO(size)

    def send(data, kind):
        nonlocal number
        number += 2
        data += bytes([number + kind & 255])
        data = b"\2%04x%08x" % (len(data), binascii.crc32(data)) + data
        while data:
            data = data[sys.stdout.buffer.write(data) :]

    def begin(data):
        nonlocal pause
        trial = io.BytesIO()
        start = now()
        stream = deflate.DeflateIO(trial, 1, 9)
        stream.write(data[:512])
        stream.close()
        took = since(now(), start)
        # Each byte is compared with every place of the window, which was half full: 2 ** 17 times. Even
        # the smallest window may be too much for a fast line, or something else took the time.
        bits = 8
        if took > cost << 8:
            bits = 0
            pause = 8
        # Twice the window saves about a thirtieth, and beyond this less.
        while 7 < bits < 12 and took << bits < cost << 12:
            bits += 1
        while bits > 7 and trial.tell() < 450:
            try:
                sink.seek(0)
                stream = deflate.DeflateIO(sink, 1, bits)
                stream.write(data)
                # What a frame takes must be left.
                bytearray(3 * size)
                return stream
            except MemoryError:
                bits -= 1

    for path, first, length, known in files:
        with open(path, "rb") as file:
            skips = [first]
            if length == file.seek(0, 2):
                # More than there are blocks: nothing is sent.
                skips = [length + 1, first]
            for skip in skips:
                stream = None
                digest = hashlib.sha256()
                file.seek(0)
                data = file
                while data:
                    data = file.read(size)
                    digest.update(data)
                    skip -= 1
                    if skip < 0:
                        start = now()
                        if stream:
                            stream.write(data)
                        elif len(data) > 511:
                            pause -= 1
                            stream = begin(data) if pause < 0 else None
                        deflated = stream
                        if stream:
                            if sink.tell() * cost + since(now(), start) >= len(data) * cost:
                                stream.close()
                                stream = None
                            length = sink.tell()
                            sink.seek(0)
                            send(sink.read(length), 1)
                            sink.seek(0)
                        if not (deflated and data):
                            send(data, 0)
                digest = digest.digest()
                if digest[:8] == known:
                    break
            if skip >= 0:
                skip = -1
                send(b"", 0)
            send(digest, 0)
