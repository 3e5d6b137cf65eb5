# Prints so many pieces of that size.


def _mw_say(pieces, size):
    piece = "U" * size
    for _ in range(pieces):
        print(end=piece)
