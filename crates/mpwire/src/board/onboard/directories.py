# How many directories there are below one whose path is given without its last "/", leaving out those
# whose paths are in skipped.


def _mw_directories(top, skipped):
    import os

    count = 0
    folders = [top]
    while folders:
        folder = folders.pop()
        for entry in os.ilistdir(folder or "/"):
            path = folder + "/" + entry[0]
            if entry[1] & 0x4000 and path not in skipped:
                count += 1
                folders.append(path)
    return count
