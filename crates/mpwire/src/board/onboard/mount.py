# Mounts the host's folder at /remote, in place of one whose host has gone. Whatever it uses comes as
# an argument, so that nothing of it has to stay in the globals. Prints the room for an answer and the
# window of the inflater.


def _mw_mount(tag, check, inflate, bytes_io, link, file, change, folder):
    import os

    try:
        os.umount("/remote")
    except OSError:
        pass
    ask, closed, room, bits = link(tag, check, inflate, bytes_io)
    files = change(ask, closed, file(ask, closed, bytes_io))
    os.mount(folder(ask, files), "/remote")
    os.chdir("/remote")
    print("\2(%d,%d)\3" % (room, bits))
