try:
    from io import BytesIO as _mw_bytes_io
except ImportError:
    from uio import BytesIO as _mw_bytes_io
