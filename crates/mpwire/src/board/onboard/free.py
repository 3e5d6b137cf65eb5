# The free space of a filesystem, in bytes.


def _mw_free(path):
    import os

    status = os.statvfs(path)
    return status[0] * status[3]
