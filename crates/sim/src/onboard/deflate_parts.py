# deflate.DeflateIO with a write method, which most firmware is built without: to read, the real one; to
# write, runs of a byte as matches, all else as literals, in one block of fixed codes (RFC 1951, 3.2.6),
# as lib/uzlib/defl_static.c has it. As there the window is taken at the first write and what is closed
# ends in up to 14 bits of nothing.
import deflate

real = deflate.DeflateIO


# The bits of a code, which stand in a stream from the first on, as a number from the last on.
def turned(code, length):
    number = 0
    for _ in range(length):
        number = number << 1 | code & 1
        code >>= 1
    return number, length


def literal(byte):
    return turned(0x30 + byte, 8) if byte < 144 else turned(0x190 + byte - 144, 9)


codes = [literal(byte) for byte in range(256)]
# A run of 3 to 10 bytes, or of 258: its length, then a distance of 1.
runs = {length: (turned(length - 2, 7)[0], 12) for length in range(3, 11)}
runs[258] = turned(0xC0 + 285 - 280, 8)[0], 13


class DeflateIO:
    def __init__(self, stream, format=0, wbits=0, close=False):
        self.options = stream, format, wbits, close
        self.stream = stream
        self.reader = real(*self.options)
        self.window = None

    def __getattr__(self, name):
        return getattr(self.reader, name)

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.close()

    def put(self, bits, length):
        self.bits |= bits << self.length
        self.length += length
        while self.length > 7:
            self.stream.write(bytes([self.bits & 255]))
            self.bits >>= 8
            self.length -= 8

    def write(self, data):
        if self.options[1] > 1:
            raise NotImplementedError
        if not self.window:
            self.window = bytearray(1 << (self.options[2] or 8))
            self.last = None
            self.bits = self.length = 0
            self.put(3, 3)
        place = 0
        data = bytes(data)
        size = len(data)
        while place < size:
            byte = data[place]
            end = place
            if byte == self.last:
                while end < size and end < place + 258 and data[end] == byte:
                    end += 1
            length = end - place
            if length < 3:
                self.put(*codes[byte])
                place += 1
            else:
                length = length if length == 258 else min(length, 10)
                self.put(*runs[length])
                place += length
            self.last = byte
        return size

    def close(self):
        if self.window:
            self.put(0, 14)
            self.window = None
            if self.options[3]:
                self.stream.close()
        else:
            self.reader.close()


copy("deflate").DeflateIO = DeflateIO
