# Gives put what the agent pulls, and end the check bytes of the digest that stand behind it.


def _mw_receive(put, end, size, check):
    expected = None
    try:
        while size:
            part = _mw_pull(size)
            put(part)
            size -= len(part)
        expected = bytes(_mw_pull(check))
    finally:
        end(expected)
