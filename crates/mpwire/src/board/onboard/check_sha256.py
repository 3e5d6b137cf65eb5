# A check of a block for firmware without CRC-32: the first bytes of its SHA-256, which begins with
# the question's number.


def _mw_check(block, number):
    try:
        from hashlib import sha256
    except ImportError:
        from uhashlib import sha256
    digest = sha256(bytes((number,)))
    digest.update(block)
    return int.from_bytes(digest.digest()[:4], "big")
