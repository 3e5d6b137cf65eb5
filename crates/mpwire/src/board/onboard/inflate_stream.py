from deflate import DeflateIO as _mw_inflate
