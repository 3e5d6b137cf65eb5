# The same as rom_memory.py where the partition is a block device (ports/esp32, rp2).


def _mw_rom_flash(number, size, block):
    from vfs import rom_ioctl

    device = rom_ioctl(2, number)
    erased = 0

    # Ports answer 0, None or a negative error number.
    def check(result):
        if result and result < 0:
            raise OSError(-result)

    def prepare(end):
        nonlocal erased
        while erased < end:
            check(device.ioctl(6, erased // block))
            erased += block
            print()
        return 256

    def store(offset, data):
        # With an offset, nothing is erased again.
        check(device.writeblocks(offset // block, data, offset % block))

    return memoryview(device), prepare, store
