# Prints a file in pieces, each a bytes literal in the encoding of _mpwire_encode, then its digest.


def _mpwire_download(path, size):
    with open(path, "rb") as file:
        while True:
            block = file.read(size)
            if not block:
                break
            print(_mpwire_encode(block))
    print(_mpwire_digest(path))
