# Prints the SHA-256 and the path of every file on the board, a line each.
def hash_files():
    import hashlib, os

    block = bytearray(1024)
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in os.ilistdir(folder or "/"):
            path = folder + "/" + entry[0]
            if entry[1] & 0x4000:
                folders.append(path)
                continue
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                while True:
                    count = file.readinto(block)
                    if not count:
                        break
                    digest.update(memoryview(block)[:count])
            print(digest.digest().hex(), path)


hash_files()
del hash_files
