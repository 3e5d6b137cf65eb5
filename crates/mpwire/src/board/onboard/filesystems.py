# Prints (name, (block size, fragment size, blocks, free blocks), mount point) of each filesystem that
# has a size. Firmware whose vfs.mount() lists nothing is asked for the root and what is mounted below
# it: of a mount point os.ilistdir() has three items, of a folder four (extmod/vfs.c,
# mp_vfs_ilistdir_it_iternext).


def _mw_filesystems():
    import os

    try:
        import vfs

        mounts = [(str(system), place) for system, place in vfs.mount()]
    except (ImportError, AttributeError, TypeError):
        mounts = [("<unknown>", "/")]
        if hasattr(os, "ilistdir"):
            mounts += [("<unknown>", "/" + entry[0]) for entry in os.ilistdir("/") if len(entry) < 4 and entry[1] & 0x4000]
    for name, place in mounts:
        status = os.statvfs(place)[:4]
        if status[2]:
            print(end="\2%s\3" % ((name, status, place),))
