# Answers with each of what it is given, and last with what tells whether all have arrived as they
# were: a number that all their bytes are in, and their order.


def _mw_tell(values):
    total = 0
    for value in values:
        text = str(value)
        print(end="\2%s\3" % text)
        # Small integers everywhere.
        total = (total * 33 + sum(bytes(text, "utf-8"))) & 0xFFFFFF
    print("\2%d\3" % total)
