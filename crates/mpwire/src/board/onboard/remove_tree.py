# Removes a path and everything below it, children first, and prints what became of each as (kind, path):
# "removed" a file, "directory", "mountpoint", which cannot be removed and is left empty, "read-only" what
# a filesystem keeps that writes nothing: VfsRom has none of the methods that would (extmod/vfs_rom.c).


def _mw_remove_tree(path):
    import os

    def remove(path):
        status = _mw_stat(path)
        kind = "removed"
        change = os.remove
        if status and status[0] & 0x4000:
            for name, below in _mw_entries(path):
                # Only in the root there are other filesystems.
                if remove(below) and path.strip("/"):
                    break
            if not path:
                return
            kind = "directory"
            change = os.rmdir
        try:
            change(path)
        except (AttributeError, OSError) as error:
            code = error.args[0]
            if code == 30 or isinstance(error, AttributeError):
                kind = "read-only"
            elif code == 22 and change != os.remove:
                kind = "mountpoint"
            else:
                raise
        print(end="\2%s\3" % ((kind, path),))
        return kind == "read-only"

    remove(path)
