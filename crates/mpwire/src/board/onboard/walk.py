# Everything below a directory as (path, mode, size), one after the other, each directory before its
# entries.


def _mw_walk(path):
    import os

    def walk(folder, prefix):
        for entry in os.ilistdir(folder):
            name = prefix + entry[0]
            yield name, entry[1], entry[3] if len(entry) > 3 else 0
            if entry[1] & 0x4000:
                folder_path = (folder.rstrip("/") if folder else ".") + "/" + entry[0]
                yield from walk(folder_path, name + "/")

    return walk(path, "")
