def _mpwire_remove(path):
    import os

    os.remove(path)
