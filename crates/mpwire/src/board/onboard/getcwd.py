def _mpwire_getcwd():
    import os

    print(repr(os.getcwd()))
