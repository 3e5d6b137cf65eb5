# The entries of a directory as (name, mode, size), one after the other.


def _mw_list(path):
    import os

    for entry in os.ilistdir(path):
        yield entry[0], entry[1], entry[3] if len(entry) > 3 else 0
