# Flash that takes its time to erase and to write, and that loses power at a chosen write.
# Parameters: MPWIRE_SLOW = seconds for each erase, seconds for each 256-byte page; MPWIRE_BUSY = where
# the bridge is told when the flash is busy, if it wants to know.
import os, sys, time

file = open(os.getenv("MPWIRE_FLASH"), "r+b")
# Two numbers of 12 digits: how many writes there were, and at which one power is lost (0: never).
writes = open(os.getenv("MPWIRE_WRITES"), "r+b")
unit = 512 if os.getenv("MPWIRE_FS") == "fat" else 4096
erase_time, page_time = eval(os.getenv("MPWIRE_SLOW"))
sizes = file.seek(0, 2) // unit, unit
cached = -1
erased = b"\xff" * 4096  # made once, as in flash.py
time_for_the_bridge = range(50000)  # to add up: about 2 ms
told = os.getenv("MPWIRE_BUSY")
told = told and open(told, "wb")


# Both in one write, and without a jump.
def begin():
    told.write("+%015d" % time.ticks_us())


def end():
    told.write("-%015d" % time.ticks_us())


def busy(seconds):
    begin()
    time.sleep(seconds)
    end()


if not told:
    busy = time.sleep
    end = time.ticks_us


def count(at, buf, file=file):
    writes.seek(0)
    done = int(writes.read(12)) + 1
    cut = int(writes.read(12))
    writes.seek(0)
    writes.write("%12d" % done)
    if done == cut:
        file.seek(at)
        file.write(memoryview(buf)[: len(buf) // 2])
        sys.stdout.write(mark + "C")
        while True:
            time.sleep(1)


def write(at, buf):
    global cached
    count(at, buf)
    if unit == 512:
        # As the boards with FAT do: one block is kept in memory, and written when another is due.
        if at // 4096 != cached:
            cached = at // 4096
            busy(erase_time + 16 * page_time)
    else:
        busy(page_time * ((len(buf) + 255) // 256))
    file.seek(at)
    file.write(buf)


def ioctl(operation, block):
    if operation in (4, 5):
        return sizes[operation - 4]
    if operation == 6 and unit == 4096:
        busy(erase_time)
        erase(block)
    return 0


def erase(block):
    file.seek(block * 4096)
    file.write(erased)


# Ctrl-C must not leave these three (see flash.py), but it may come while they sleep. Then what is
# left is done without a pause, and the bridge is asked to send it again at once: it arrives during
# a function in C, stays pending until the next jump, and that is the program's, unless the
# filesystem comes back here first. A `return` and a bare `except` have no jump themselves.
class Flash:
    def readblocks(self, block, buf, offset=0):
        file.seek(block * unit + offset)
        file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        try:
            return write(block * unit + offset, buf)
        except:
            return write_now(block * unit + offset, buf)

    def ioctl(self, operation, block):
        try:
            return ioctl(operation, block)
        except:
            return now[operation](operation, block)


def again():
    end()
    sys.stdout.write(mark + "I")
    sum(time_for_the_bridge)


def write_now(at, buf):
    file.seek(at)
    file.write(buf)
    again()


# An interrupt of the last write may be raised in any operation, and erasing is but one of them.
def erase_now(operation, block):
    erase(block)
    again()
    return 0


def size_now(operation, block):
    again()
    return sizes[operation - 4]


def nothing_now(operation, block):
    again()
    return 0


now = [nothing_now] * 4 + [size_now] * 2 + [erase_now if unit == 4096 else nothing_now]


modules[0] = Flash()
# For rom.py, whose writes count as well.
modules[2] = count
