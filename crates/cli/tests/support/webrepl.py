"""A board's WebREPL in front of a simulated board, for MicroPython's unix port.

The WebSocket is MicroPython's own (extmod/modwebsocket.c); what asks for the password and what the unix
port has no part of behaves as extmod/modwebrepl.c, webrepl.py and os.dupterm_notify do on an ESP32: what
has arrived by the time that the interpreter looks goes into a ring, and what finds no room there is
lost; the connection ends with the interpreter.

Usage: webrepl.py PORT_OF_THE_BOARD PASSWORD ROOM_IN_THE_RING LATENCY_IN_MS TCP_PORT
Prints a line when it listens, for each connection and for each loss.
"""

import binascii, hashlib, select, socket, sys, time, websocket

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def shake_hands(client):
    client.readline()
    key = None
    is_upgrade = is_websocket = False
    while True:
        line = client.readline()
        if not line:
            return False
        if line == b"\r\n":
            break
        name, value = [part.strip() for part in line.split(b":", 1)]
        if name == b"Sec-WebSocket-Key":
            key = value
        elif name == b"Connection" and b"Upgrade" in value:
            is_upgrade = True
        elif name == b"Upgrade" and value == b"websocket":
            is_websocket = True
    if not (key and is_upgrade and is_websocket):
        client.write(b"HTTP/1.0 200 OK\r\n\r\n<html>")
        return False
    digest = hashlib.sha1(key)
    digest.update(GUID)
    client.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
    client.write(b"Connection: Upgrade\r\nSec-WebSocket-Accept: ")
    client.write(binascii.b2a_base64(digest.digest())[:-1])
    client.write(b"\r\n\r\n")
    return True


def read_password(client, terminal):
    """The line that is typed; None at the end of the connection."""
    terminal.write("Password: ")
    # Once a WebSocket has written, its socket does not wait to be read from.
    poll = select.poll()
    poll.register(client, select.POLLIN)
    line = b""
    while True:
        byte = terminal.read(1)
        if byte is None:
            poll.poll()
            continue
        if not byte:
            return None
        if byte in b"\r\n":
            return line.decode()
        if len(line) < 10:
            line += byte


def arrived(terminal, room, latency):
    """All that has arrived, as far as it finds room; None at the end of the connection."""
    time.sleep_ms(latency)
    kept = b""
    lost = 0
    while True:
        byte = terminal.read(1)
        if byte is None:
            break
        if not byte:
            return None
        if len(kept) < room:
            kept += byte
        else:
            lost += 1
    if lost:
        print("lost", lost)
    return kept


def printed(board):
    """What the board has printed by now: a file's read() waits for all that it was asked for."""
    poll = select.poll()
    poll.register(board, select.POLLIN)
    data = b""
    while len(data) < 256 and poll.poll(0):
        byte = board.read(1)
        if not byte:
            break
        data += byte
    return data


def serve(client, board, room, latency, listener):
    """Carries bytes until one side ends, and lets nobody else in meanwhile."""
    terminal = websocket.websocket(client, True)
    password = read_password(client, terminal)
    if password != sys.argv[2]:
        if password is not None:
            terminal.write("\r\nAccess denied\r\n")
        print("denied")
        return
    print("let in")
    terminal.write("\r\nWebREPL connected\r\n>>> ")
    poll = select.poll()
    poll.register(client, select.POLLIN)
    poll.register(board, select.POLLIN)
    poll.register(listener, select.POLLIN)
    last = b""
    while True:
        for ready, _ in poll.ipoll():
            if ready is client:
                data = arrived(terminal, room, latency)
                if data is None:
                    print("left")
                    return
                board.write(data)
            elif ready is listener:
                other = listener.accept()[0]
                shake_hands(other)
                other.close()
                print("rejected")
            else:
                data = printed(board)
                if not data:
                    sys.exit()
                terminal.write(data)
                last = (last + data)[-300:]
                if b"soft reboot\r\n" in last:
                    print("reset")
                    return


def main():
    board = open(sys.argv[1], "r+b", 0)
    room, latency = int(sys.argv[3]), int(sys.argv[4])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(socket.getaddrinfo("127.0.0.1", int(sys.argv[5]))[0][-1])
    listener.listen(4)
    print("listening")
    while True:
        client = listener.accept()[0]
        if shake_hands(client):
            serve(client, board, room, latency, listener)
        client.close()


main()
