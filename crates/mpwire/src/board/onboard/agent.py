# Takes checked blocks from standard input and executes what they ask for: each is a piece of one
# stream, of sizes in two bytes, the first first, and programs of that size, which may pull what
# follows them. The size 0 ends.
#
# A block is asked for by two characters: "\x06" or "\x15" in turn, so that the host knows which
# block is meant, and one that tells the questions apart, from "!" to "`". The answer is a line of
# decimal numbers and what it tells of: the bytes that follow, the bytes of the block, the bytes it
# stands for when inflated, and those XORed with a CRC-32 of the block that begins with the question's
# character: a damaged number would have bytes read that are not the block's. Nothing is under
# way while this program does anything but read, so that no receive ring overflows however small
# it is. A line that is no such answer makes it ask again.
#
# No byte on the wire is 0x03, so that Ctrl-C stays what it is and always ends this program. A 0x03
# of the block travels as 0; behind the block stand the distances from one to the next, plus 4;
# 255 is a distance of 251 without a 0x03 at its end.
#
# The inflater (none: bits is 0) reads of each block exactly the bytes that its output needs: what
# stands behind them in a stream, the flush, begins the next block.


def _mw_agent(room, bits):
    import gc, sys

    global _mw_pull
    gc.collect()
    free = gc.mem_free()
    room = min(room, free // 10)
    while 1 << bits > free // 4:
        bits -= 1
    buffer = bytearray(room + 512)
    view = memoryview(buffer)
    source = _mw_bytes_io(room)
    stream = source
    if bits:
        stream = _mw_inflate(source, 1, bits)
    left = 0
    asked = 0
    blocks = 0
    print("\2(%d,%d)\3" % (room, bits))

    def _mw_pull(count):
        nonlocal left, asked, blocks
        while not left:
            asked = asked % 64 + 33
            print(end="\6\x15"[blocks % 2] + chr(asked))
            try:
                total, size, fresh, check = map(int, sys.stdin.buffer.readline().split())
                sys.stdin.buffer.readinto(view[:total])
                place = -1
                for step in view[size:total]:
                    place += step - 4
                    if step < 255:
                        buffer[place] = 3
            except Exception:
                continue
            if _mw_check(view[:size], asked) ^ fresh == check:
                left = fresh
                blocks += 1
                source.seek(0)
                source.write(view[:size])
                source.seek(0)
        part = view[room : room + min(count, left, 512)]
        left -= stream.readinto(part)
        return part

    size = 1
    while size:
        size = int.from_bytes(_mw_pull(2), "big")
        left -= size
        exec(stream.read(size))
