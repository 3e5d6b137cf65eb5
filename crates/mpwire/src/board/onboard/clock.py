# Sets the clock of the board, or prints its date and time.


def _mw_clock(time):
    try:
        import machine
    except ImportError:
        import umachine as machine
    clock = machine.RTC()
    if time:
        clock.datetime(time)
    else:
        print("\2%s\3" % (clock.datetime(),))
