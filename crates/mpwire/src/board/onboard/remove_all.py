# Removes files; those that are not there are fine.


def _mw_remove_all(paths):
    import os

    for path in paths:
        try:
            os.remove(path)
        except OSError:
            pass
