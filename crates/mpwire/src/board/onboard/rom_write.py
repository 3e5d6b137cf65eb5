# Writes an image of size bytes to a ROM partition, in pieces of room bytes. The image comes with
# its first piece last, and the first page of that, which holds the header, is written after all
# else and only if the digest is right: until then there is nothing to mount.


def _mw_rom_write(number, size, room, block):
    import vfs

    view, prepare, store = _mw_rom_flash(number, size, block)
    buffer = bytearray(room)
    at = room if size > room else 0
    fill = 0
    try:
        vfs.umount("/rom")
    except OSError:
        pass

    def write(hold):
        page = prepare(at + fill)
        # Memory that is never erased (the MRAM of ports/alif) still has the old header.
        if view[0] == 0xD2:
            store(0, bytes(page))
        start = page if hold else 0
        if start < fill:
            store(at + start, memoryview(buffer)[start : -(-fill // page) * page])
        return page

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
                write(False)
                at = (at + fill) % size
                fill = 0

    def end(expected):
        first = memoryview(buffer)[:fill]
        right = False
        if expected and _mw_rom_digest((view[room:size], first)).startswith(expected):
            store(0, memoryview(buffer)[: write(True)])
            right = view[:fill] == first
        print("\2%s\3" % right)

    return put, end
