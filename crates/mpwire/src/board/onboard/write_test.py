# Writes a file, reads it and removes it; prints whether it was read as it was written.


def _mw_write_test(path, data):
    import os

    with open(path, "wb") as file:
        file.write(data)
    with open(path, "rb") as file:
        right = file.read() == data
    os.remove(path)
    print("\2%s\3" % right)
