# What this board does when power comes on: it mounts its flash and runs /boot.py and /main.py, as
# ports/rp2/main.c and its peers do in C. The interpreter starts it as `micropython -i boot.py` in
# the folder of these files. It leaves no names behind, in __main__ or in sys.modules.
#
# It tells the bridge where it is by a mark that no program can guess, written in one piece:
#   s  the board is up: Ctrl-C means something from here on, and input may come
#   b  boot.py is done, and the host wants the raw REPL next
#   R  a program asked for a soft reset     (the bridge ends the interpreter)
#   H  a program asked for a hard reset     (the same)
#   B  a program asked for the bootloader   (the bridge passes it nothing any more)
#   C  power was lost while writing flash   (the same)
#   I  Ctrl-C came while the flash was busy: send it again at once
#   (  sys.stdout.buffer sends bytes, which are not text (stdout_parts.py)
#   )  text follows again


# Native code leaves no line in a traceback, so errors in boot.py look as they do on a board.
@micropython.native
def start(names):
    import builtins, gc, micropython, os, sys, time, vfs

    micropython.kbd_intr(-1)
    names.clear()
    names["__name__"] = "__main__"
    mark = "\0" + os.getenv("MPWIRE_MARK")
    raw = os.getenv("MPWIRE_RAW")

    modules = {}

    # A built-in module is in flash and cannot be changed: a copy of it takes its place.
    def copy(name, real=True):
        if modules.get(name):
            return modules[name]
        import blank

        del sys.modules["blank"], blank.__file__
        blank.__name__ = name
        if real:
            real = __import__(name)
            for attribute in dir(real):
                if attribute[:2] != "__":
                    setattr(blank, attribute, getattr(real, attribute))
        modules[name] = modules["u" + name] = blank
        return blank

    heap = int(os.getenv("MPWIRE_HEAP"))
    copy("gc").mem_alloc = lambda: heap - gc.mem_free()
    for name in os.getenv("MPWIRE_PARTS").split():
        part = {"__name__": "board", "modules": modules, "copy": copy, "mark": mark}
        execfile(name, part)
        gc.collect()
    part = copy = None

    sys.argv[:] = []
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.modules.clear()
    filesystem = modules.pop(0)
    rom = modules.pop(1, None)
    modules.pop(2, None)
    vfs.umount("/")
    vfs.mount(filesystem, "/")
    os.chdir("/")
    if rom:
        # extmod/vfs.c, mp_vfs_mount_romfs_protected: an image that is not valid is no error.
        try:
            vfs.mount(vfs.VfsRom(rom), "/rom")
            sys.path += ["/rom", "/rom/lib"]
        except OSError:
            pass
    filesystem = rom = None

    real = builtins.__import__

    @micropython.native
    def find(name, *rest):
        module = modules.get(name, modules)
        if module is modules:
            return real(name, *rest)
        if module is None:
            raise ImportError("no module named '" + name + "'")
        return module

    builtins.__import__ = find

    # What this program takes comes out of memory of its own. What is left of that is taken, too: the
    # gaps by objects of one block each, the rest by two large ones. Then what is free is in one piece,
    # and as much as a board of this size has when it has started.
    gc.collect()
    end = (None,) * 4096
    gaps = None
    while id(gaps) < id(end):
        gaps = (gaps,)
    gc.collect()
    modules[0] = gaps, end, bytearray(gc.mem_free() - (heap - 1536))
    gaps = end = None
    if 3 in modules:
        modules[3] = modules[3]()
    sys.stdout.write(mark + "s")

    for name in ("boot.py",) if raw else ("boot.py", "main.py"):
        try:
            os.stat(name)
        except OSError:
            continue
        try:
            micropython.kbd_intr(3)
            execfile(name, names)
        except SystemExit:
            micropython.kbd_intr(-1)
            sys.stdout.write(mark + "R")
            while True:
                time.sleep(1)
        except BaseException as error:
            sys.print_exception(error)
        micropython.kbd_intr(-1)
        gc.collect()
    if raw:
        sys.stdout.write(mark + "b")


start(globals())
