# The flash as LittleFS wants it: a block device over a file, with the extended interface.
#
# No jumps in these functions: the interpreter looks for Ctrl-C at jumps (py/vm.c,
# pending_exception_check), and an exception that passes through LittleFS's C code would break it.
import os

file = open(os.getenv("MPWIRE_FLASH"), "r+b")
sizes = file.seek(0, 2) // 4096, 4096
# Made once: a board with little memory has no 4 KiB in one piece for its flash chip to be erased.
erased = b"\xff" * 4096


def erase(operation, block):
    file.seek(block * 4096)
    file.write(erased)
    return 0


def size(operation, block):
    return sizes[operation - 4]


class Flash:
    def readblocks(self, block, buf, offset):
        file.seek(block * 4096 + offset)
        file.readinto(buf)

    def writeblocks(self, block, buf, offset):
        file.seek(block * 4096 + offset)
        file.write(buf)

    def ioctl(self, operation, block):
        return operations[operation](operation, block)


def nothing(operation, block):
    return 0


operations = nothing, nothing, nothing, nothing, size, size, erase
modules[0] = Flash()
