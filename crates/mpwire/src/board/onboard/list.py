# Prints the entries of a directory as (name, mode, size).


def _mw_list(path):
    import os

    for entry in os.ilistdir(path):
        print((entry[0], entry[1], entry[3] if len(entry) > 3 else 0), end=",")
