# Copies a file to a temporary one and gives that the name target when it is right, as put.py does.


def _mw_copy(source, target, temporary):
    import os

    with open(source, "rb") as file, open(temporary, "wb") as other:
        while True:
            block = file.read(512)
            if not block:
                break
            other.write(block)
    right = _mw_digest(temporary).startswith(bytes(_mw_pull(8)))
    if right:
        os.rename(temporary, target)
    else:
        os.remove(temporary)
    print("\2%s\3" % right)
