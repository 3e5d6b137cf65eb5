# Reads a file of a mounted folder. What came of it is kept with the seven bytes in front of it: no
# error, the host's number for the open file (255: the host closed it, since this is all of it),
# flags (1: the file's end, 2: line ends were changed, so that places are the host's to tell), and
# where the file goes on behind it.


def _mw_file(ask, closed, bytes_io):
    try:
        import io, struct, time
    except ImportError:
        import uio as io, ustruct as struct, utime as time

    class File(io.IOBase):
        def __init__(self, folder, path, mode):
            self.folder = folder
            self.path = path
            self.mode = mode
            self.ahead = 512
            self.open(0, 0)

        def open(self, keep, place):
            self.take_in(ask(struct.pack("<BBI", 3, keep, place) + self.mode.encode() + b"\0" + self.path.encode()))

        def take_in(self, data):
            _, self.handle, self.flags, self.behind = struct.unpack("<BBBI", data[:7])
            self.data = data
            self.place = 7
            self.changes = self.folder.changes
            self.came = time.ticks_ms()

        def more(self, count):
            if self.place < len(self.data):
                return True
            if self.handle is None:
                raise OSError(9)
            if self.flags & 1 and self.changes == self.folder.changes and time.ticks_diff(time.ticks_ms(), self.came) < 1000:
                return False
            self.ahead = min(self.ahead * 2, 16384)
            try:
                self.come(max(min(count, 65535), self.ahead))
            except MemoryError:
                # The next answers are smaller.
                self.come(self.ahead)
            return len(self.data) > 7

        def come(self, count):
            if self.handle == 255:
                self.open(1, self.behind)
            else:
                self.take_in(ask(struct.pack("<BBIH", 4, self.handle, self.behind, count)))

        def part(self, count):
            start = self.place
            self.place = min(len(self.data), start + count)
            return self.data[start : self.place]

        def take(self, count):
            parts = []
            while count and self.more(count):
                parts.append(self.part(count))
                count -= len(parts[-1])
            return parts[0] if len(parts) == 1 else b"".join(parts)

        def read(self, count=-1):
            if count is None or count < 0:
                count = 1 << 30
            data = self.take(count)
            if "b" in self.mode:
                return data
            cut = 0
            while True:
                # Count characters, and do not cut one.
                try:
                    text = str(data, "utf8")
                except UnicodeError:
                    cut += 1
                    rest = self.take(1)
                    if cut > 3 or not rest:
                        raise
                else:
                    cut = 0
                    rest = self.take(count - len(text))
                    if not rest:
                        return text
                data += rest

        def readinto(self, buffer, count=1 << 30):
            if not isinstance(buffer, (bytearray, memoryview)):
                # Its items may be of more bytes than one.
                return bytes_io(self.take(min(count, len(bytes(buffer))))).readinto(buffer)
            view = memoryview(buffer)
            count = min(count, len(view))
            place = 0
            while place < count and self.more(count - place):
                part = self.part(count - place)
                view[place : place + len(part)] = part
                place += len(part)
            return place

        def readline(self, count=-1):
            line = b""
            while len(line) != count and self.more(256):
                end = self.data.find(b"\n", self.place) + 1 or len(self.data)
                if count > 0:
                    end = min(end, self.place + count - len(line))
                line += self.part(end - self.place)
                if line[-1] == 10:
                    break
            return line if "b" in self.mode else str(line, "utf8")

        def readlines(self):
            return list(self)

        def __iter__(self):
            return self

        def __next__(self):
            line = self.readline()
            if not line:
                raise StopIteration
            return line

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

    return File
