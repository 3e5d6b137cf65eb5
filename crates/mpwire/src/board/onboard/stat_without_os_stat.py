# The same as stat.py where os.stat is missing: firmware with one flat folder, such as the BBC
# micro:bit's (os.size), and others, where a directory is what can be listed.


def _mw_stat(path):
    import os

    if path in ("", ".", "/"):
        return 0x4000, 0
    try:
        return 0x8000, os.size(path)
    except AttributeError:
        pass
    except OSError:
        return None
    try:
        with open(path, "rb") as file:
            size = 0
            while True:
                block = file.read(64)
                if not block:
                    return 0x8000, size
                size += len(block)
    except OSError:
        pass
    try:
        os.listdir(path)
        return 0x4000, 0
    except (OSError, TypeError):
        return None
