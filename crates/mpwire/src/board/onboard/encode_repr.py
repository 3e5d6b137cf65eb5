def _mw_encode(block):
    return block
