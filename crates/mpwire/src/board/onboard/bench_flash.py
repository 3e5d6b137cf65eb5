# Writes a file of so many blocks of that size, and reads it. Prints the microseconds that each took,
# by the board's own clock: the line is slower than many a flash.


def _mw_flash(path, blocks, size):
    try:
        from time import ticks_us, ticks_diff
    except ImportError:
        from utime import ticks_us, ticks_diff

    block = bytes(size)
    start = ticks_us()
    with open(path, "wb") as file:
        for _ in range(blocks):
            # Some filesystems report a full disk as a short count.
            if file.write(block) != size:
                raise OSError(28)
    written = ticks_us()
    with open(path, "rb") as file:
        while file.read(size):
            pass
    print("\2(%d,%d)\3" % (ticks_diff(written, start), ticks_diff(ticks_us(), written)))
