# SHA-256 of memory, in slices: some boards must be able to look after their links in between.


def _mw_rom_digest(parts):
    try:
        from hashlib import sha256
    except ImportError:
        from uhashlib import sha256
    digest = sha256()
    for part in parts:
        for start in range(0, len(part), 4096):
            digest.update(part[start : start + 4096])
    return digest.digest()
