# Prints the beginning of the digest of each file of a folder, False for what is not there and True
# for what is a folder itself (EISDIR).


def _mw_digest_beginnings(folder, names):
    for name in names:
        try:
            print(end="\2%s\3" % _mw_digest(folder + name)[:8])
        except OSError as error:
            print(end="\2%s\3" % (error.args[0] == 21))
