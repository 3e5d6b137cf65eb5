# Prints each of what it is given on a line, and last what tells whether all lines have arrived as they
# were: a number that all their bytes are in, and their order.


def _mw_tell(values):
    total = 0
    for value in values:
        text = str(value)
        print(text)
        # Small integers everywhere.
        total = (total * 33 + sum(bytes(text, "utf-8"))) & 0xFFFFFF
    print(total)
