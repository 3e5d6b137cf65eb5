def _mw_touch(path):
    open(path, "a").close()
