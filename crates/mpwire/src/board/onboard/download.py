# Prints a file in pieces, each a bytes literal in the encoding of _mw_encode, then its digest.


def _mw_download(path, size):
    with open(path, "rb") as file:
        while True:
            block = file.read(size)
            if not block:
                break
            print(_mw_encode(block))
    print(_mw_digest(path))
