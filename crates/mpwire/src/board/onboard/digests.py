# Prints the digest of each path, or None for what is no file of that size.


def _mw_digests(paths, sizes):
    for path, size in zip(paths, sizes):
        status = _mw_stat(path)
        same = status and status[0] & 0x8000 and status[1] == size
        print(end="\2%s\3" % (_mw_digest(path) if same else None))
