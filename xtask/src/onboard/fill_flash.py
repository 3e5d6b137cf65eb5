# Writes to all that is free on the flash, and gives it back.
def fill_flash():
    import os

    block = b"\xaa" * 2048
    with open("/fill", "wb") as file:
        try:
            while file.write(block) == len(block):
                pass
        except OSError:
            pass
    os.remove("/fill")


fill_flash()
del fill_flash
