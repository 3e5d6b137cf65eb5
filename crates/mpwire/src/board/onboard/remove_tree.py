# Removes a path and everything below it, children first, and prints what became of each as
# ("removed" | "directory" | "mountpoint", path). A mount point cannot be removed and is left.


def _mw_remove_tree(path):
    import os

    def remove(path):
        status = _mw_stat(path)
        if not status or not status[0] & 0x4000:
            os.remove(path)
            print(("removed", path), end=",")
            return
        for name, below in _mw_entries(path):
            remove(below)
        if path:
            try:
                os.rmdir(path)
                print(("directory", path), end=",")
            except OSError as error:
                if error.args[0] != 22:
                    raise
                print(("mountpoint", path), end=",")

    remove(path)
