# As check_sha256.py, but imports once: a name that is imported is looked for in the mounted folder,
# and that takes checks.


def _mw_check(block, number, known=[]):
    if not known:
        try:
            from hashlib import sha256
        except ImportError:
            from uhashlib import sha256
        known.append(sha256)
    digest = known[0](bytes((number,)))
    digest.update(block)
    return int.from_bytes(digest.digest()[:4], "big")
