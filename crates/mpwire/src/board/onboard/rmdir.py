def _mpwire_rmdir(path):
    import os

    os.rmdir(path)
