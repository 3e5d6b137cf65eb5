def _mpwire_touch(path):
    open(path, "a").close()
