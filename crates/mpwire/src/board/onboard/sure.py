# A path that has arrived as it was sent: what removes or renames must not do that to another file.


def _mw_sure(path, total):
    if sum(bytes(path, "utf-8")) != total:
        raise OSError(5)
    return path
