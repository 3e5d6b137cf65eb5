# sys.stdout as on a board, where text ends its lines with CR LF and sys.stdout.buffer sends bytes as
# they are (shared/runtime/sys_stdio_mphal.c). The bridge does the first with all output but what stands
# between the marks `(` and `)`; print and tracebacks go past Python, so it cannot be done here.
import io, sys

begin = mark + "("
end = mark + ")"
real = sys.stdout
put = real.buffer.write


# As for the marks: in one piece, so what Ctrl-C interrupts here was not written at all.
@micropython.native
def finish():
    try:
        put(end)
    except KeyboardInterrupt as error:
        put(end)
        raise error


# Native code leaves no line in the traceback of an interrupted program.
class Buffer(io.IOBase):
    @micropython.native
    def write(self, *data):
        try:
            # Inside, so that Ctrl-C right behind it cannot leave it without its end.
            put(begin)
            return put(*data)
        finally:
            finish()

    # MP_STREAM_GET_FILENO (extmod/modselect.c asks for it); else there is nothing to do.
    def ioctl(self, request, argument):
        return 1 if request == 10 else 0

    def __getattr__(self, name):
        return getattr(real.buffer, name)


class Stdout(io.IOBase):
    buffer = Buffer()
    ioctl = Buffer.ioctl

    @micropython.native
    def write(self, *text):
        return real.write(*text)

    def __getattr__(self, name):
        return getattr(real, name)


copy("sys").stdout = Stdout()
