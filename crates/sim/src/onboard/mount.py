# Finds the filesystem on the flash that a part before this one made, and formats it when there is none.
import os, vfs

device = modules[0]
arguments = {}
kind = os.getenv("MPWIRE_FS")
if kind == "fat":
    make = vfs.VfsFat
else:
    make = vfs.VfsLfs1 if kind == "lfs1" else vfs.VfsLfs2
    # readsize and progsize: buffers as large as a page where there is memory for them.
    arguments = eval(os.getenv("MPWIRE_LFS"))

try:
    # LittleFS looks at the flash when the object is made, FAT when it is mounted.
    modules[0] = make(device, **arguments)
    vfs.mount(modules[0], "/flash")
    vfs.umount("/flash")
except OSError:
    make.mkfs(device, **arguments)
    modules[0] = make(device, **arguments)
