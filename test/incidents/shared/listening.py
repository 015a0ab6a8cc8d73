"""listening.py PORT|IP:PORT…: waits up to ten seconds until each takes connections."""
import socket
import sys
import time


def listening(*places, seconds=10):
    end = time.monotonic() + seconds
    for place in places:
        host, _, port = str(place).rpartition(":")
        while True:
            try:
                socket.create_connection((host or "127.0.0.1", int(port)), 1).close()
                break
            except OSError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.02)
    return True


if __name__ == "__main__":
    sys.exit(0 if listening(*sys.argv[1:]) else 1)
