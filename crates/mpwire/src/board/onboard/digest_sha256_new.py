# SHA-256 of a file as it stands on the filesystem, for firmware that has no u-names.


def _mw_digest(path):
    from hashlib import sha256

    digest = sha256()
    with open(path, "rb") as file:
        while True:
            block = file.read(512)
            if not block:
                return digest.digest()
            digest.update(block)
