# Leaves one of two names of the same file, and gives it a copy: removing one may free what both have.


def _mw_part(path, twin, copy):
    import os

    with open(twin, "rb") as file, open(copy, "wb") as other:
        while True:
            block = file.read(512)
            if not block:
                break
            # Some filesystems report a full disk as a short count.
            if other.write(block) != len(block):
                raise OSError(28)
    os.remove(path)
    os.remove(twin)
    os.rename(copy, twin)
