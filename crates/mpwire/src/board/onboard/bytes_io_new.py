from io import BytesIO as _mw_bytes_io
