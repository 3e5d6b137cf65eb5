# Nothing: missing.py imports it to get a new, empty module.
