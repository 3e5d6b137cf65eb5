# Prints True where the firmware knows ROMFS, then each ROM partition as (block device?, size,
# smallest erase, first bytes), or None for one that is counted and not there. The operations of
# rom_ioctl are listed in extmod/vfs.h.


def _mw_rom_query():
    try:
        from vfs import rom_ioctl
    except ImportError:
        return
    print(end="\2True\3")
    # Some ports answer even the question for the number with an error code.
    for number in range(max(0, rom_ioctl(1))):
        device = rom_ioctl(2, number)
        if isinstance(device, int):
            print(end="\2None\3")
            continue
        block_device = hasattr(device, "ioctl")
        if block_device:
            block = device.ioctl(5, 0)
            size = device.ioctl(4, 0) * block
        else:
            size = len(device)
            # An error code where a partition can only be erased as a whole.
            block = rom_ioctl(6, number)
            if block <= 0:
                block = size
        print(end="\2%s\3" % ((block_device, size, block, bytes(memoryview(device)[:12])),))
