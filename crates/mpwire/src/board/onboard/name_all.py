# Gives complete files the names they are to have, of pairs of both. As long as the file marker is
# there, whoever finds some of them left finishes the rest. An attempt before this one may have
# renamed some.


def _mw_name_all(marker, pairs, again):
    import os

    open(marker, "w").close()
    for temporary, target in pairs:
        try:
            os.rename(temporary, target)
        except OSError as error:
            if not again or error.args[0] != 2:
                raise
    os.remove(marker)
    print("\2True\3")
