# What programs do to a heap before anybody connects: MPWIRE_FRAGMENTS = seed, bytes that are left
# free, in pieces; MPWIRE_MEMORY_ERROR = which call that allocates fails, and how many after it.
import builtins, gc, os

seed, left = eval(os.getenv("MPWIRE_FRAGMENTS"))
number, times = eval(os.getenv("MPWIRE_MEMORY_ERROR"))
real, check = bytearray, isinstance
calls = None  # counted when the board is up


def below(limit):
    global seed
    seed = (seed * 1103515245 + 12345) % 2147483648
    return (seed >> 16) % limit


# When nothing is left of the boot program's own memory: all is taken in pieces of many sizes, and
# some of them are given back.
def begin():
    global calls
    pieces = []
    try:
        while left:
            pieces.append(real(16 << below(6)))
    except MemoryError:
        pass
    while pieces and gc.mem_free() < left:
        del pieces[below(len(pieces))]
        gc.collect()
    calls = 0
    return pieces


# What a program calls for memory. Not all that allocates: that the interpreter itself does.
def scarce(function):
    def call(*arguments, **options):
        global calls
        if calls is not None:
            calls += 1
            if number <= calls < number + times:
                raise MemoryError("memory allocation failed, allocating 512 bytes")
        return function(*arguments, **options)

    return call


# A type that is a function now, where it is asked for as a type.
def isinstance_too(thing, kinds):
    kinds = kinds if type(kinds) is tuple else (kinds,)
    return check(thing, tuple([real if kind is made else kind for kind in kinds]))


modules[3] = begin
if times:
    for name, function in (
        ("io", "BytesIO"),
        ("deflate", "DeflateIO"),
        ("hashlib", "sha256"),
        ("binascii", "a2b_base64"),
        ("binascii", "unhexlify"),
    ):
        module = copy(name)
        if hasattr(module, function):
            setattr(module, function, scarce(getattr(module, function)))
    builtins.open = scarce(open)
    made = builtins.bytearray = scarce(bytearray)
    builtins.isinstance = isinstance_too
