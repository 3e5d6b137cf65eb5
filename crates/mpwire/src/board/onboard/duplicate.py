# Copies a file on the board. Whether the copy is right is found out by its digest.


def _mw_duplicate(source, target):
    with open(source, "rb") as file, open(target, "wb") as other:
        while True:
            block = file.read(512)
            if not block:
                break
            other.write(block)
