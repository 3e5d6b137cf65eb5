# How much the board keeps of what arrives while nothing reads: says that it is ready by an ACK,
# looks away for a while, and counts what is there then: all of it, and up to the first gap. The input
# goes through the printable characters from "!" on, over and over. Allocates nothing while it counts.


def _mw_ring(count):
    import sys

    try:
        from select import POLLIN, poll
        from time import sleep
    except ImportError:
        from uselect import POLLIN, poll
        from utime import sleep
    waiting = poll()
    waiting.register(sys.stdin, POLLIN)
    byte = bytearray(1)
    print(end="\6")
    sleep(0.4)
    found = right = 0
    while found < count and waiting.poll(300):
        sys.stdin.buffer.readinto(byte)
        if right == found and byte[0] == 33 + found % 89:
            right += 1
        found += 1
    print("\2(%d,%d)\3" % (found, right))
