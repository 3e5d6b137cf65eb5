# Prints (name, size, free, mount point) of each filesystem that has a size. Firmware whose
# vfs.mount() lists nothing is asked for the directories of the root instead.


def _mw_filesystems():
    import os

    try:
        import vfs

        mounts = [(str(system), place) for system, place in vfs.mount()]
    except (ImportError, AttributeError, TypeError):
        mounts = []
        for name in [""] + os.listdir("/"):
            if not name or hasattr(os, "stat") and os.stat("/" + name)[0] & 0x4000:
                mounts.append(("<unknown>", "/" + name))
    for name, place in mounts:
        status = os.statvfs(place)
        if status[2]:
            print((name, status[0] * status[2], status[0] * status[3], place), end=",")
