"""hold.py PORT COUNT [PATH[=HOST]]: clients that keep their connections: opens COUNT of them to 127.0.0.1:PORT, without waiting for
any, asks each for PATH if one is given, and stays. Makes a file named `held` once all are under way (or could not be).
"""
import select
import signal
import socket
import sys
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
path, _, host = (sys.argv[3] if len(sys.argv) > 3 else "").partition("=")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
held = []
for _ in range(count):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    held.append(client)
waiting = list(held)
deadline = time.monotonic() + (1 if not path else 2)
while waiting and time.monotonic() < deadline:
    _, ready, _ = select.select([], waiting, [], 0.2)
    for client in ready:
        waiting.remove(client)
        try:
            if path:
                client.send(f"GET {path} HTTP/1.1\r\nHost: {host or 'localhost'}\r\n\r\n".encode())
        except OSError:
            pass
open("held", "w").close()
while True:
    time.sleep(3600)
