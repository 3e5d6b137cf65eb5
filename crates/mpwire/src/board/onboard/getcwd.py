def _mw_getcwd():
    import os

    print("\2%r\3" % os.getcwd())
