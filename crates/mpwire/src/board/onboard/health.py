# Reads every file below a directory, but not what is below the paths in skipped, for so many
# milliseconds. Prints as (kind, path, what) each directory and file that cannot be read, and each
# file with the end that copies under way have; and at last (files, directories, bytes, all read?).


def _mw_health(top, skipped, limit):
    import os

    try:
        from time import ticks_diff, ticks_ms
    except ImportError:
        from utime import ticks_diff, ticks_ms
    start = ticks_ms()
    buffer = bytearray(256)
    folders = [top]
    files = seen = size = 0
    late = False
    while folders and not late:
        folder = folders.pop()
        seen += 1
        prefix = folder.rstrip("/") + "/"
        try:
            for entry in os.ilistdir(folder):
                late = ticks_diff(ticks_ms(), start) > limit
                if late:
                    break
                path = prefix + entry[0]
                if entry[1] & 0x4000:
                    if path not in skipped:
                        folders.append(path)
                    continue
                files += 1
                if path.endswith(".mpwire"):
                    print(end="\2%s\3" % (("leftover", path, ""),))
                try:
                    with open(path, "rb") as file:
                        while not late:
                            count = file.readinto(buffer)
                            if not count:
                                break
                            size += count
                            late = ticks_diff(ticks_ms(), start) > limit
                except Exception as error:
                    print(end="\2%s\3" % (("file", path, repr(error)),))
        except Exception as error:
            print(end="\2%s\3" % (("directory", folder, repr(error)),))
    print(end="\2%s\3" % ((files, seen, size, not late),))
