# What this firmware can do. Each answer stands for itself: one module that is missing must not
# hide another. Prints the free memory in bytes and a string of 0 and 1, in the order of NAMES
# (capabilities.rs holds the same order).


def _mpwire_probe():
    import gc

    def has(module, name):
        for prefix in ("", "u"):
            try:
                if hasattr(__import__(prefix + module), name):
                    return "1"
            except Exception:
                pass
        return "0"

    found = "1" if hasattr(bytes, "fromhex") else "0"
    for module, name in (
        ("binascii", "a2b_base64"),
        ("binascii", "unhexlify"),
        ("binascii", "crc32"),
        ("hashlib", "sha256"),
        ("io", "BytesIO"),
        ("deflate", "DeflateIO"),
        ("zlib", "DecompIO"),
        ("os", "stat"),
        ("os", "ilistdir"),
        ("os", "rename"),
        ("os", "statvfs"),
        ("os", "mkdir"),
    ):
        found += has(module, name)
    gc.collect()
    print((gc.mem_free(), found))
