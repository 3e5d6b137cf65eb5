# The same as list.py where os.ilistdir is missing. What os.stat tells as the size of a directory means
# nothing: LittleFS leaves it unset.


def _mpwire_list(path):
    for name, path in _mpwire_entries(path):
        status = _mpwire_stat(path) or (0x8000, 0)
        print((name, status[0], status[1] if status[0] & 0x8000 else 0), end=",")
