# The same as walk.py where os.ilistdir is missing. What os.stat tells as the size of a directory means
# nothing: LittleFS leaves it unset.


def _mw_walk(path):
    def walk(folder, prefix):
        for name, path in _mw_entries(folder):
            status = _mw_stat(path) or (0x8000, 0)
            yield prefix + name, status[0], status[1] if status[0] & 0x8000 else 0
            if status[0] & 0x4000:
                yield from walk(path, prefix + name + "/")

    return walk(path, "")
