def _mw_remove(path):
    import os

    os.remove(path)
