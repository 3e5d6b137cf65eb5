# Writes one file. Returns put, which appends data, and end, which closes the file and, when the
# digest of what is on the filesystem begins as expected, gives it its name and prints True. The
# old file stays until then, unless temporary is the target itself. end(None) gives up.


def _mw_upload(target, temporary):
    import os

    file = open(temporary, "wb")

    def put(data):
        # Some filesystems report a full disk as a short count.
        if file.write(data) != len(data):
            raise OSError(28)

    def end(expected):
        file.close()
        right = bool(expected) and _mw_digest(temporary).startswith(expected)
        if not right:
            os.remove(temporary)
        elif target != temporary:
            os.rename(temporary, target)
        print("\2%s\3" % right)

    return put, end
