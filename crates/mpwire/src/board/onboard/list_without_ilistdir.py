# The same as list.py where os.ilistdir is missing. What os.stat tells as the size of a directory means
# nothing: LittleFS leaves it unset.


def _mw_list(path):
    for name, path in _mw_entries(path):
        status = _mw_stat(path) or (0x8000, 0)
        yield name, status[0], status[1] if status[0] & 0x8000 else 0
