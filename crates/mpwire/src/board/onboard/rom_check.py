# Prints what is in a ROM partition: "image" if it begins with a whole one, "torn" if not all of one
# is there, "empty" if it is erased as far as is looked, else "other". Record kinds are those of
# extmod/vfs_rom.c. The end of an image that was never written is erased flash.


def _mw_rom_check(number):
    from vfs import rom_ioctl

    image = memoryview(rom_ioctl(2, number))

    def value(at):
        found = 0
        for at in range(at, at + 9):
            found = found << 7 | image[at] & 0x7F
            if image[at] < 0x80:
                return found, at + 1
        raise ValueError

    def check(at, end, depth):
        while at < end:
            kind, at = value(at)
            length, at = value(at)
            if not kind or at + length > end or depth > 20:
                raise ValueError
            if kind in (4, 5):
                name, start = value(at)
                check(start + name, at + length, depth + 1)
            at += length
        if at > end:
            raise ValueError

    if bytes(image[:3]) != b"\xd2\xcd\x31":
        blank = b"\xff" * 64
        found = "empty" if bytes(image[:64]) == blank else "other"
        for at in range(64, min(len(image), 16384), 64):
            if found == "empty" and bytes(image[at : at + 64]) != blank:
                found = "torn"
        print("\2%r\3" % found)
        return
    try:
        size, at = value(3)
        end = at + size
        check(at, end, 0)
        torn = end > len(image) or size > 64 and bytes(image[end - 64 : end]) == b"\xff" * 64
    except (ValueError, IndexError):
        torn = True
    print("\2%r\3" % ("torn" if torn else "image"))
