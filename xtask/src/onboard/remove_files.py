# Removes every file and folder on the board but those of a ROM partition.
def remove_files(folder):
    import os

    for entry in list(os.ilistdir(folder or "/")):
        path = folder + "/" + entry[0]
        if path == "/rom":
            continue
        if entry[1] & 0x4000:
            remove_files(path)
            os.rmdir(path)
        else:
            os.remove(path)


remove_files("")
del remove_files
