# Writes a file of a mounted folder, and finds places in it. What is written is on the host's disk when
# `write` returns: a program need not come to an end.


def _mw_change(ask, closed, file):
    try:
        import struct
    except ImportError:
        import ustruct as struct

    class File(file):
        def forget(self, place):
            self.data = bytes(7)
            self.place = 7
            self.behind = place
            self.flags = 0
            self.ahead = 128

        def request(self, operation, place=0, data=b""):
            if self.handle in (None, 255):
                raise OSError(9)
            return struct.unpack("<I", ask(struct.pack("<BBI", operation, self.handle, place) + data)[3:])[0]

        def write(self, data):
            count = None
            if isinstance(data, str):
                if "b" not in self.mode:
                    count = len(data)
                data = data.encode()
            elif not isinstance(data, (bytes, bytearray)):
                data = bytes(data)
            place = self.tell()
            if place + len(data) >> 32:
                raise OSError(27)
            for start in range(0, len(data), 1024):
                place = self.request(5, place, data[start : start + 1024])
                self.folder.change()
                self.forget(place)
            return len(data) if count is None else count

        def tell(self):
            if self.flags & 2:
                return self.request(13, self.place - 7)
            return self.behind - len(self.data) + self.place

        def seek(self, place, whence=0):
            if whence == 1:
                place += self.tell()
            elif whence == 2:
                place += self.behind if self.handle == 255 else self.request(6)
            # Places travel in 32 bits; those below 0 leave -1.
            if place >> 32:
                raise OSError(22)
            start = self.behind - len(self.data) + 7
            if start <= place <= self.behind and not self.flags & 2:
                self.place = place - start + 7
            else:
                self.forget(place)
            return place

        def flush(self):
            pass

        def close(self):
            handle = self.handle
            self.handle = None
            self.forget(0)
            if handle not in (None, 255):
                closed.append(handle)
                # One that was only read is closed with the next request.
                if len(closed) > 15 or self.mode.strip("rbt"):
                    ask(b"\0")

        def ioctl(self, kind, value):
            if kind == 2:
                from machine import mem32

                # A struct of offset and whence, on boards of 32 bits.
                mem32[value] = self.seek(mem32[value], mem32[value + 4])
            elif kind == 4:
                self.close()
            elif kind == 11:
                # The importer's buffer: with its 7 other bytes a whole number of blocks.
                return 249
            elif kind != 1:
                return -1
            return 0

    return File
