# The block size, the fragment size, all blocks and the free blocks of a filesystem.


def _mw_free(path):
    import os

    return os.statvfs(path)[:4]
