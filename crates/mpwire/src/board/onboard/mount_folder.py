# The filesystem of a mounted folder. What the host tells of a folder is believed for a second, or
# until something here changes it: an import asks for many names that are not there.


def _mw_folder(ask, file):
    try:
        import struct, time
    except ImportError:
        import ustruct as struct, utime as time

    class Folder:
        def __init__(self):
            self.path = "/"
            self.known = {}
            self.changes = 0

        def __str__(self):
            return "<host>"

        def mount(self, *_):
            pass

        umount = mount

        def whole(self, path):
            return path if path[:1] == "/" else self.path + path

        def chdir(self, path):
            path = self.whole(path)
            if path[-1] != "/":
                path += "/"
            if path != "/":
                self.stat(path)
            self.path = path

        def getcwd(self):
            return self.path

        def change(self, operation=b"", *paths):
            self.changes += 1
            self.known.clear()
            if operation:
                ask(operation + "\0".join([self.whole(path) for path in paths]).encode())

        def remove(self, path):
            self.change(b"\x08", path)

        def rename(self, old, new):
            self.change(b"\x09", old, new)

        def mkdir(self, path):
            self.change(b"\x0a", path)

        def rmdir(self, path):
            self.change(b"\x0b", path)

        def statvfs(self, path):
            return struct.unpack("<10I", ask(b"\x0c" + self.whole(path).encode())[1:])

        def open(self, path, mode):
            if mode.strip("rbt"):
                self.change()
            return file(self, self.whole(path), mode)

        def keep(self, folder, data, start):
            # A listing: the length of the names in two bytes, the names, and 19 bytes for each.
            end = start + 2 + struct.unpack_from("<H", data, start)[0]
            names = data[start + 2 : end]
            if len(self.known) > 3:
                self.known.clear()
            self.known[folder] = time.ticks_ms(), names, data, end
            return names, end

        def stat(self, path):
            path = self.whole(path)
            folder, name = path.rsplit("/", 1)
            name = name.encode()
            came, names, data, end = self.known.get(folder, (0, 0, 0, 0))
            found = None
            # The host may spell what is not ASCII in another way.
            if names and time.ticks_diff(time.ticks_ms(), came) < 1000 and len(path) - len(folder) - 1 == len(name) and name not in (b"", b".", b".."):
                place = names.find(b"/" + name + b"/")
                if place < 0:
                    raise OSError(2)
                found = struct.unpack_from("<BHIIII", data, end + 19 * names[:place].count(b"/"))
            if not found or not found[1]:
                try:
                    data = ask(b"\x01" + path.encode(), False)
                except OSError:
                    # Nobody answers: an import asks for more names at once.
                    self.known[folder] = time.ticks_ms(), b"/", b"", 0
                    raise
                found = struct.unpack_from("<BHIIII", data)
                if len(data) > 19:
                    self.keep(folder, data, 19)
                if data[0]:
                    raise OSError(data[0])
            return (found[1], 0, 0, 0, 0, 0) + tuple(found[2:])

        def ilistdir(self, path):
            path = self.whole(path)
            request = path.encode()

            def entries(data):
                start = 0
                while True:
                    names, end = self.keep(path.rstrip("/"), data, 3)
                    if data[2] or start:
                        self.known.clear()
                    names = names.decode().split("/")[1:-1]
                    for index, name in enumerate(names):
                        yield name, data[end + 19 * index] << 8, 0
                    if not data[2]:
                        return
                    start += len(names)
                    data = ask(struct.pack("<BBH", 2, data[1], start) + request)

            return entries(ask(b"\x02\0\0\0" + request))

    return Folder()
