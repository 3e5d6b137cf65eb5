def _mpwire_mkdir(path):
    import os

    os.mkdir(path)
