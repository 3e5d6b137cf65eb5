# The same as list.py where os.ilistdir is missing.


def _mpwire_list(path):
    import os

    names = os.listdir(path) if path else os.listdir()
    prefix = path + "/" if path and path[-1] != "/" else path
    for name in names:
        status = _mpwire_stat(prefix + name) or (0x8000, 0)
        print((name, status[0], status[1]), end=",")
