# Prints who the board says it is: implementation, version, platform, machine and build, and how many
# bytes of its heap are in use. os.uname() is not everywhere, nor are the implementation's own words.


def _mw_identity():
    import gc, sys

    found = sys.implementation
    machine = getattr(found, "_machine", "")
    build = getattr(found, "_build", "")
    try:
        import os

        system = os.uname()
        machine, build = system[4], system[3]
    except (ImportError, AttributeError):
        pass
    version = ".".join([str(part) for part in found[1][:3]])
    gc.collect()
    print("\2%s\3" % ((found[0], version, sys.platform, machine, build, gc.mem_alloc()),))
