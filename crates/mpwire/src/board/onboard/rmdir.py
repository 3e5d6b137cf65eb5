def _mw_rmdir(path):
    import os

    os.rmdir(path)
