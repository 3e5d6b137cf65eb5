# What is at the destination of a copy: prints mode and size of the path itself and of name inside
# of it (None for what is not there), the blocks of the filesystem as free.py tells them (None when that
# is not known), and the digest of what would be replaced, if its size is that of what comes.


def _mw_examine(path, name, size, parent):
    import os

    outer = _mw_stat(path)
    target = path
    if outer and outer[0] & 0x4000:
        target = (path and path.rstrip("/") + "/") + name
        inner = _mw_stat(target)
    else:
        inner = outer
    digest = None
    if inner and inner[0] & 0x8000 and inner[1] == size:
        digest = _mw_digest(target)
    try:
        space = os.statvfs(parent)[:4]
    except (AttributeError, OSError):
        space = None
    print("\2%s\3" % ((outer, inner, space, digest),))
