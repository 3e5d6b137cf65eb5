# Prints everything below a directory as (path, mode, size), each directory before its entries.


def _mw_walk(path):
    import os

    def walk(folder, prefix):
        for entry in os.ilistdir(folder):
            name = prefix + entry[0]
            print((name, entry[1], entry[3] if len(entry) > 3 else 0), end=",")
            if entry[1] & 0x4000:
                walk((folder.rstrip("/") if folder else ".") + "/" + entry[0], name + "/")

    walk(path, "")
