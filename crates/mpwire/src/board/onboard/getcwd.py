def _mw_getcwd():
    import os

    print(repr(os.getcwd()))
