# Everything below a directory as (path, mode, size), one after the other, each directory before its
# entries.


def _mw_walk(path):
    import os

    def walk(folder, prefix):
        # What is mounted in the root is not found by a path that begins with "./".
        start = folder and folder.rstrip("/") + "/"
        for entry in os.ilistdir(folder):
            name = prefix + entry[0]
            yield name, entry[1], entry[3] if len(entry) > 3 else 0
            if entry[1] & 0x4000:
                yield from walk(start + entry[0], name + "/")

    return walk(path, "")
