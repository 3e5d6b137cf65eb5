# Prints (kind, mount point, label, read-only) of each mounted filesystem, as far as the firmware
# tells. Only CircuitPython's have a label; there storage.getmount() finds them.


def _mw_mounts():
    mounts = []
    try:
        from vfs import mount

        mounts = mount()
    except (ImportError, AttributeError, TypeError):
        try:
            from storage import getmount

            mounts = [(getmount("/"), "/")]
        except (ImportError, OSError):
            pass
    for system, place in mounts:
        label = getattr(system, "label", None)
        print(end="\2%s\3" % ((str(system), place, str(label or ""), bool(getattr(system, "readonly", 0))),))
