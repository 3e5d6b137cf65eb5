# The link of a mounted folder to the host: requests in the output, answers in the input.
#
# A request is "\x1e", the 16 bytes of the tag that only this mount and its host know, a number and
# the length of what follows in two bytes each, little end first, the request itself, and the check
# of all but the "\x1e". It holds no 0x04, which would end the program's output where its beginning is
# lost: that is "\x1b\x02", and "\x1b" is "\x1b\x01". An answer is "\x1e", three numbers of three characters each, in base 64 from
# the blank on: the bytes that follow, those of them that are the answer, and the first number again,
# its bits changed. The answer ends with the check of tag, number and answer. It holds no 0x03: one
# travels as 0, and behind the answer stand the distances from one to the next, as to agent.py.
#
# Ctrl-C stays on throughout. What damage has made one of is told by asking, with a request that has
# number 0 and nothing in it, whether the host has sent one lately: 1 if it has; one that came from
# elsewhere (a second terminal) meanwhile counts as damage, unless it comes twice.
#
# A lost byte leaves nobody waiting: up to the last 72 bytes, more than a packet of USB, are read at
# once, those one by one and with a deadline. Where silence follows, the host is asked again, and
# answers the same. Nothing is allocated while an answer comes, for a collection of garbage would make
# a small receive ring overflow.
#
# An answer begins with the size of its data if they are a piece of this mount's deflate stream, or 0,
# and the first byte of the data is an errno, or 0.


def _mw_link(tag, check, inflate, bytes_io):
    import gc, sys

    try:
        import select
    except ImportError:
        import uselect as select
    check(b"", 0)
    gc.collect()
    most = min(gc.mem_free() // 32, 16384)
    room = min(most, 4096)
    bits = 15
    while bits and 1 << bits > 2 * most:
        bits -= 1
    if bits < 8 or not inflate:
        bits = 0
    buffer = bytearray(room + 18)
    buffer[:16] = tag
    view = memoryview(buffer)
    body = view[18:]
    one = bytearray(1)
    put = sys.stdout.buffer.write
    get = sys.stdin.buffer.readinto
    poller = select.poll()
    poller.register(sys.stdin.buffer, 1)
    source = bytes_io(room)
    stream = None
    streams = number = 0
    # How often a host is asked that answered the last time, and how long each answer may take.
    times = (5, 1000)
    closed = []

    def fill(place, count, patience):
        while count:
            for _ in poller.ipoll(patience):
                break
            else:
                return False
            get(one)
            buffer[place] = one[0]
            place += 1
            count -= 1
        return True

    def digits(place):
        return (buffer[place] - 32 << 6 | buffer[place + 1] - 32) << 6 | buffer[place + 2] - 32

    def receive(patience):
        while fill(18, 1, patience):
            if buffer[18] == 30 and fill(18, 9, 500):
                total = digits(18)
                length = digits(21)
                if digits(24) == total ^ 174762 and 6 < length <= total <= room:
                    whole = max(total - 72, 0)
                    if whole:
                        get(body, whole)
                    if fill(18 + whole, total - whole, 500):
                        place = 17
                        for step in view[18 + length : 18 + total]:
                            place += step - 4
                            # What is damaged must not change the tag.
                            if step < 255 and 17 < place < 18 + length:
                                buffer[place] = 3
                        if check(view[: 14 + length], 0) == int.from_bytes(view[14 + length : 18 + length], "little"):
                            return 14 + length
        return 0

    def answer(frame):
        nonlocal stream, times
        count, patience = times
        # One that does not answer has gone, most likely, and nobody shall wait long for it.
        times = (1 + (count > 2), 250)
        for _ in range(count):
            put(frame)
            end = receive(patience)
            if end:
                times = (5, 1000)
                size = buffer[18] | buffer[19] << 8
                if not size:
                    return bytes(view[20:end])
                source.seek(0)
                source.write(view[20:end])
                source.seek(0)
                # What is interrupted here has read nobody knows how much.
                inflater = stream
                stream = None
                data = inflater.read(size)
                stream = inflater
                return data
        raise OSError(110)

    def framed(number, request):
        buffer[16] = number & 255
        buffer[17] = number >> 8
        frame = bytes(view[:18]) + len(request).to_bytes(2, "little") + request
        frame += check(frame, 0).to_bytes(4, "little")
        return b"\x1e" + frame.replace(b"\x1b", b"\x1b\x01").replace(b"\x04", b"\x1b\x02")

    def ask(request, raises=True):
        nonlocal number, streams, stream, most, times
        number = number % 32767 + 1
        if bits and not stream:
            streams = streams % 255 + 1
            stream = inflate(source, 1, bits)
        count = len(closed)
        request = bytes((streams, most & 255, most >> 8, count)) + bytes(closed) + request
        error = data = None
        # Who has not answered has nothing to say of Ctrl-C.
        doubts = times[0] > 2
        while not data:
            try:
                if error:
                    # An answer may be under way: it is nobody else's input.
                    while fill(18, 1, 200):
                        pass
                    if not doubts or not isinstance(error, KeyboardInterrupt) or bits and not stream:
                        break
                    doubts = False
                    times = (2, 250)
                    if answer(framed(0, b""))[0]:
                        break
                    error = None
                data = answer(framed(number, request))
                if not data:
                    # The stream has ended, or is another than the host's: a new one is begun.
                    raise OSError(5)
            except BaseException as caught:
                if not error or isinstance(caught, KeyboardInterrupt):
                    # Twice is no damage.
                    doubts = doubts and not isinstance(error, KeyboardInterrupt)
                    error = caught
        if error:
            stream = None
            if isinstance(error, MemoryError) and most > 128:
                most //= 2
            raise error
        del closed[:count]
        if raises and data[0]:
            raise OSError(data[0])
        return data

    return ask, closed, room, bits
