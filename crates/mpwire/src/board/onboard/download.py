# Prints a file in pieces, each a bytes literal in the encoding of _mw_encode, then its digest.


def _mw_download(path, size):
    with open(path, "rb") as file:
        while True:
            block = file.read(size)
            if not block:
                break
            print("\2%s\3" % _mw_encode(block))
    print("\2%s\3" % _mw_digest(path))
