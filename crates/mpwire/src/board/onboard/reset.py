# Resets the board, or has it enter its bootloader, by what the module `machine` has for that. A moment
# later, so that the host has been told that this runs before a USB device goes away.
def _mw_reset(name):
    import machine, time

    reset = getattr(machine, name)
    time.sleep_ms(100)
    reset()
