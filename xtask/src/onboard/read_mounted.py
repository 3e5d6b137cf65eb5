# Prints the SHA-256 of a file in the mounted folder.
def read_mounted():
    import hashlib

    digest = hashlib.sha256()
    with open("/remote/file", "rb") as file:
        while True:
            block = file.read(512)
            if not block:
                break
            digest.update(block)
    print(digest.digest().hex())


read_mounted()
del read_mounted
