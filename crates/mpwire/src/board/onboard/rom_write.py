# Writes an image of size bytes to a ROM partition, in pieces of room bytes. The image comes with
# its first piece last. That piece, which holds the header, is written only once the digest of all
# is right, so that until then there is nothing to mount. Blocks are erased as they are reached,
# the first one (with the old header) first. What is written is padded to 256 bytes or what the
# port asks for: the largest flash page there is, and a multiple of all smaller ones.


def _mpwire_rom_write(number, size, room, block):
    import vfs

    device = vfs.rom_ioctl(2, number)
    view = memoryview(device)
    whole = len(view)
    buffer = bytearray(room)
    at = room if size > room else 0
    fill = erased = 0
    page = 256
    try:
        vfs.umount("/rom")
    except OSError:
        pass

    # Ports answer 0, None or a negative error number.
    def check(result):
        if result and result < 0:
            raise OSError(-result)
        return result or 0

    def write():
        nonlocal erased, page
        while erased < at + fill:
            if hasattr(device, "ioctl"):
                check(device.ioctl(6, erased // block))
            elif block < whole:
                length = min(block, whole - erased)
                page = max(page, check(vfs.rom_ioctl(3, number, erased, length)))
            else:
                page = max(page, check(vfs.rom_ioctl(3, number, size)))
            erased += block
            # A sign of life: a large partition takes longer to erase than a host waits in silence.
            print()
        data = memoryview(buffer)[: -(-fill // page) * page]
        if hasattr(device, "ioctl"):
            check(device.writeblocks(at // block, data, at % block))
        else:
            check(vfs.rom_ioctl(4, number, at, data))
            # Finishes the write, where a port has something to finish.
            vfs.rom_ioctl(5, number)

    def put(data):
        nonlocal at, fill
        data = memoryview(data)
        while data:
            end = min(room, size - at)
            part = data[: end - fill]
            buffer[fill : fill + len(part)] = part
            fill += len(part)
            data = data[len(part) :]
            if at and fill == end:
                write()
                at = (at + fill) % size
                fill = 0

    def end(expected):
        first = memoryview(buffer)[:fill]
        right = False
        if expected is not None and _mpwire_rom_digest((view[room:size], first)) == expected:
            write()
            right = view[:fill] == first
        print(right)

    return put, end
