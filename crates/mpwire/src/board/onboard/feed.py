# Takes blocks of text from standard input and hands each to take(text, size). Each block is asked
# for by an ACK, and nothing is under way while one is decoded and written, so a receive ring never
# overflows however small it is: while this program reads, it drains a line faster than it fills.
# What follows each block is the length of the next and of its data, 6 digits each; 0 ends. Nothing
# is allocated between the ACK and the end of the block, for a garbage collection would stop the
# draining.


def _mw_feed(take, count, size):
    import sys

    stream = getattr(sys.stdin, "buffer", sys.stdin)
    while count:
        view = memoryview(bytearray(count + 12))
        print("\x06", end="")
        stream.readinto(view)
        take(view[:count], size)
        size = int(bytes(view[count + 6 :]))
        count = int(bytes(view[count : count + 6]))
        view = None
