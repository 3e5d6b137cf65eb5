# Free space of the filesystem that holds path, in bytes; -1 when that is not known.


def _mpwire_free(path):
    import os

    try:
        status = os.statvfs(path)
        return status[0] * status[3]
    except (AttributeError, OSError):
        return -1
