# Uses the folder it is in as programs do: lists it, reads a file in pieces, writes another under a
# name that it takes away from it, and reads that back.
import os

if "given.bin" not in os.listdir():
    raise OSError("no given.bin")
size = os.stat("given.bin")[6]
given = b""
with open("given.bin", "rb") as file:
    while True:
        piece = file.read(700)
        if not piece:
            break
        given += piece
if len(given) != size:
    raise OSError("given.bin has another size")
with open("unready.bin", "wb") as file:
    file.write(given[size // 2 :])
    file.write(given[: size // 2])
os.rename("unready.bin", "made.bin")
with open("made.bin", "rb") as file:
    if file.read() != given[size // 2 :] + given[: size // 2]:
        raise OSError("made.bin is wrong")
