# Makes directories in the order given; those that are there already are fine.


def _mw_make_directories(paths):
    import os

    for path in paths:
        try:
            os.mkdir(path)
        except OSError as error:
            if error.args[0] != 17:
                raise
