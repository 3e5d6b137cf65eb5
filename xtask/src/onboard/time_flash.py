# Writes the bytes of sent.bin to a new file and prints how many milliseconds that took.
def time_flash():
    import os, time

    with open("sent.bin", "rb") as file:
        data = file.read()
    start = time.ticks_ms()
    with open("written.bin", "wb") as file:
        file.write(data)
    print(time.ticks_diff(time.ticks_ms(), start))
    os.remove("written.bin")


time_flash()
del time_flash
