# The entries of a directory as (name, path), with nothing but os.listdir. Where that takes no
# argument there is one flat folder, and a path is a name.


def _mw_entries(path):
    import os

    try:
        names = os.listdir(path) if path else os.listdir()
    except TypeError:
        return [(name, name) for name in os.listdir()]
    if not path and not hasattr(os, "mkdir"):
        return [(name, name) for name in names]
    # What is mounted in the root is not found by a path that begins with "./".
    prefix = path and path.rstrip("/") + "/"
    return [(name, prefix + name) for name in names]
