# SHA-256 of a file so small that it fits memory.


def _mw_digest(path):
    from hashlib import sha256

    with open(path, "rb") as file:
        return sha256(file.read()).digest()
