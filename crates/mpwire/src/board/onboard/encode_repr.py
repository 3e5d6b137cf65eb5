def _mpwire_encode(block):
    return block
