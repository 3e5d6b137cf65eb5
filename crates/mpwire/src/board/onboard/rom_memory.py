# A ROM partition that is memory, erased and written through vfs.rom_ioctl (ports/stm32, esp8266,
# alif). Returns its bytes; prepare, which erases it from its start as far as end and tells of how
# many bytes whatever is written must be a multiple; and store, which writes.


def _mw_rom_flash(number, size, block):
    from vfs import rom_ioctl

    view = rom_ioctl(2, number)
    erased = 0
    # As large as the pages of any flash, and a multiple of all smaller ones.
    page = 256

    def check(result):
        if result and result < 0:
            raise OSError(-result)
        return result or 0

    def prepare(end):
        nonlocal erased, page
        while erased < end:
            if block < len(view):
                length = min(block, len(view) - erased)
                page = max(page, check(rom_ioctl(3, number, erased, length)))
            else:
                page = max(page, check(rom_ioctl(3, number, size)))
            erased += block
            # A sign of life: a large partition takes longer to erase than a host waits in silence.
            print()
        return page

    def store(offset, data):
        check(rom_ioctl(4, number, offset, data))
        # Finishes the write, where a port has something to finish.
        rom_ioctl(5, number)

    return view, prepare, store
