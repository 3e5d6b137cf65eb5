# Gives the first of a receiver's two functions what the agent pulls, and the second the check bytes of
# the digest that stand behind it. The two come as one argument: firmware before 1.19 compiles no
# argument behind a starred one.


def _mw_receive(receiver, size, check):
    put, end = receiver
    expected = None
    try:
        while size:
            part = _mw_pull(size)
            put(part)
            size -= len(part)
        expected = bytes(_mw_pull(check))
    finally:
        end(expected)
