# Any algorithm of hashlib over a file; prints the digest, or None when this firmware lacks it.


def _mw_hash(path, algorithm):
    try:
        import hashlib
    except ImportError:
        try:
            import uhashlib as hashlib
        except ImportError:
            hashlib = None
    if not hasattr(hashlib, algorithm):
        print("\2None\3")
        return
    digest = getattr(hashlib, algorithm)()
    with open(path, "rb") as file:
        while True:
            block = file.read(512)
            if not block:
                break
            digest.update(block)
    print("\2%s\3" % digest.digest())
