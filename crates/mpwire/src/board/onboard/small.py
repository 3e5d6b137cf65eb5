# One small file with as few bytes on the wire as possible. Prints what is at each path (as look.py
# does), then reads a line, an expression of the number of the path to take, what is put behind it
# for the while, the beginning of the file's digest and the pieces of its data, which that expression
# may read itself with r. Prints whether what is on the filesystem is right; only then it has its
# name. The line that loads it (loader.rs) leaves sys, and in d the inflater that read it: the data's
# is of the same class.


def _mw_small(paths, size):
    import os

    stdin = sys.stdin.buffer

    def look(path):
        try:
            status = os.stat(path)
            return status[0], status[6], status[0] & 0x8000 and status[6] == size and _mw_digest(path)[:8]
        except OSError:
            pass

    print("\2%s\3" % [look(path) for path in paths])
    number, suffix, check, pieces = eval(stdin.readline(), {"r": stdin.read, "d": d})
    path = paths[number]
    temporary = path + suffix
    with open(temporary, "wb") as file:
        for piece in pieces:
            file.write(piece)
    right = _mw_digest(temporary).startswith(check)
    if right:
        os.rename(temporary, path)
    print("\2%s\3" % right)
