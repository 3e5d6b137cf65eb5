# What an installation depends on: the version of .mpy files that this firmware runs (0 for none),
# where it looks for modules, and the current directory (/ on firmware with one flat folder).


def _mw_surroundings():
    import sys, os

    directory = os.getcwd() if hasattr(os, "getcwd") else "/"
    print("\2%s\3" % ((getattr(sys.implementation, "_mpy", 0) & 0xFF, sys.path, directory),))
