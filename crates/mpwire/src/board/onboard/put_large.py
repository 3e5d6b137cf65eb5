# The same as put.py of a large file: of its size bytes, those behind the first start, which are in
# the temporary file already. What was written is committed each 1 << commits bytes, so that a power cut
# leaves a beginning of it where the next attempt goes on: LittleFS forgets what was never committed.


def _mw_put_large(target, temporary, size, start, commits):
    import os

    size -= start
    with open(temporary, "ab" if start else "wb") as file:
        while size:
            part = _mw_pull(size)
            if file.write(part) != len(part):
                raise OSError(28)
            # Other filesystems than those of the firmware may know no flush.
            if size >> commits > size - len(part) >> commits and hasattr(file, "flush"):
                file.flush()
            size -= len(part)
    right = _mw_digest(temporary).startswith(bytes(_mw_pull(8)))
    if not right:
        os.remove(temporary)
    elif target != temporary:
        os.rename(temporary, target)
    print("\2%s\3" % right)
