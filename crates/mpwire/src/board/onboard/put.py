# Writes one file of what the agent pulls, beside its target, and gives it its name when the digest
# of what is on the filesystem begins with what follows the data. The old file stays until then,
# unless temporary is the target itself. Prints whether all is right. What an interrupt leaves of the
# temporary file is where the next attempt goes on.


def _mw_put(target, temporary, size):
    import os

    with open(temporary, "wb") as file:
        while size:
            part = _mw_pull(size)
            size -= len(part)
            # Some filesystems report a full disk as a short count.
            if file.write(part) != len(part):
                raise OSError(28)
    right = _mw_digest(temporary).startswith(bytes(_mw_pull(8)))
    if not right:
        os.remove(temporary)
    elif target != temporary:
        os.rename(temporary, target)
    print("\2%s\3" % right)
