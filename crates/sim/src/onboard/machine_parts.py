# What the module `machine` has on a board and lacks on the unix port.
import sys, time


def reset():
    sys.stdout.write(mark + "H")
    while True:
        time.sleep(1)


def bootloader():
    sys.stdout.write(mark + "B")
    while True:
        time.sleep(1)


class RTC:
    shift = 0  # seconds by which this clock is ahead of the computer's

    def datetime(self, value=None):
        now = time.time_ns() // 1000
        if value:
            year, month, day, _, hour, minute, second = value[:7]
            then = time.mktime((year, month, day, hour, minute, second, 0, 0, -1))
            RTC.shift = int(then) - now // 1000000
            return None
        t = time.localtime(now // 1000000 + RTC.shift)
        return t[:3] + (t[6],) + t[3:6] + (now % 1000000,)


machine = copy("machine")
machine.reset = reset
machine.bootloader = bootloader
machine.RTC = RTC
del machine
