# What is at a path: its mode, its size and, of a file of the size asked for, the beginning of its digest; None when
# there is nothing.


def _mw_look(path, size):
    import os

    try:
        status = os.stat(path)
    except OSError:
        return
    return status[0], status[6], status[0] & 0x8000 and status[6] == size and _mw_digest(path)[:8]
