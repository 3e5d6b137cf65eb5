# Prints the beginning of the digest of each file of a folder, False for what is not there and True
# for what is a folder itself (EISDIR).


def _mw_digest_beginnings(folder, names):
    for name in names:
        try:
            print(_mw_digest(folder + name)[:8], end=",")
        except OSError as error:
            print(error.args[0] == 21, end=",")
