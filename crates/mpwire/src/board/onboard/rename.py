# FAT's rename removes a file that has the name already, and LittleFS replaces it at once.


def _mw_rename(path, target):
    import os

    os.rename(path, target)
