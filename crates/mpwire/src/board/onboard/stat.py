# Mode (0x4000 a directory, 0x8000 a file) and size of a path, or None when there is nothing.


def _mw_stat(path):
    import os

    try:
        status = os.stat(path)
        return status[0], status[6]
    except OSError:
        return None
