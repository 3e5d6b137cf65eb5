# Takes away what this firmware lacks: MPWIRE_MISSING names modules, their attributes, or
# bytes.fromhex; MPWIRE_NAMES=u leaves modules only the names that they had before 1.19.
import builtins, os, sys


def without(name):
    parts = name.split(".")
    if len(parts) == 1:
        modules[name] = modules["u" + name] = None
    elif name == "bytes.fromhex":
        without_fromhex()
    elif name == "sys.stdin.buffer":
        copy("sys").stdin = Stdin()
    elif hasattr(copy(parts[0]), parts[1]):
        delattr(copy(parts[0]), parts[1])


# The type itself cannot be changed: another one that makes the same objects takes its name.
def without_fromhex():
    real, check = builtins.bytes, builtins.isinstance

    class bytes:
        def __new__(cls, *arguments):
            return real(*arguments)

    def isinstance_too(thing, kinds):
        return check(thing, real if kinds is bytes else kinds)

    builtins.bytes = bytes
    builtins.isinstance = isinstance_too


class Stdin:
    def __getattr__(self, name, stream=sys.stdin):
        if name == "buffer":
            raise AttributeError(name)
        return getattr(stream, name)


for name in os.getenv("MPWIRE_MISSING").split(","):
    if name:
        without(name)

if os.getenv("MPWIRE_NAMES") == "u":
    modules["deflate"] = modules["vfs"] = None
    names = "binascii collections errno hashlib heapq io json random re select socket ssl struct time zlib"
    for name in names.split():
        modules[name] = None
    if "uzlib" not in modules:
        execfile("uzlib_parts.py", copy("uzlib", False).__dict__)
