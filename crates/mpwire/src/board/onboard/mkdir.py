def _mw_mkdir(path):
    import os

    os.mkdir(path)
