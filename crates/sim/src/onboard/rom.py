# ROM partitions: vfs.rom_ioctl with the operations of extmod/vfs.h, answered as ports/stm32 does for
# memory-mapped flash, or as ports/esp32 does for a partition object (MPWIRE_ROM_KIND=object).
# MPWIRE_ROM = sizes, one after another in MPWIRE_ROM_FILE. The memory of a partition comes out of
# the interpreter's heap, which is made larger by as much.
import os

file = open(os.getenv("MPWIRE_ROM_FILE"), "r+b")
EINVAL = -22


class Partition(bytearray):
    def readblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        buf[:] = memoryview(self)[at : at + len(buf)]

    def writeblocks(self, block, buf, offset=0):
        write(self, block * 4096 + offset, buf)

    def ioctl(self, operation, block):
        if operation == 4:
            return len(self) // 4096
        if operation == 5:
            return 4096
        if operation == 6:
            return write(self, block * 4096, b"\xff" * 4096)


def write(partition, at, data):
    memoryview(partition)[at : at + len(data)] = data
    for start, other in zip(starts, memory):
        if other is partition:
            count(start + at, data, file)
            file.seek(start + at)
            file.write(data)
    return 0


def rom_ioctl(operation, number=0, *more):
    if operation == 1:
        return len(memory)
    if not 0 <= number < len(memory):
        return EINVAL
    partition = memory[number]
    if operation == 2:
        return shown[number]
    if objects:
        return EINVAL
    if operation == 3:
        offset, length = (0,) + more if len(more) == 1 else more
        if offset + length > len(partition):
            return EINVAL
        length = (length + 4095) & ~4095
        for offset in range(offset, offset + length, 4096):
            write(partition, offset, b"\xff" * 4096)
        return 4
    if operation == 4:
        offset, data = more
        if offset + len(data) > len(partition):
            return EINVAL
        return write(partition, offset, data)
    if operation == 5:
        return 0
    if operation == 6:
        return 4096
    return EINVAL


count = modules.get(2) or (lambda *_: None)  # flash_slow.py's, where power may be lost
objects = os.getenv("MPWIRE_ROM_KIND") == "object"
starts = []
memory = []
at = 0
for size in eval(os.getenv("MPWIRE_ROM")):
    partition = Partition(size) if objects else bytearray(size)
    file.seek(at)
    file.readinto(memoryview(partition))
    starts.append(at)
    memory.append(partition)
    at += size
shown = memory if objects else [memoryview(partition) for partition in memory]
modules[1] = shown[0]

copy("vfs").rom_ioctl = rom_ioctl
del partition, size, at, os
