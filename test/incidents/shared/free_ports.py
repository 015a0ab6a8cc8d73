"""free_ports.py N: N free ports, one a line. free_ports.py =PORT: fails if that one is taken."""
import random
import socket
import sys


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("", port))
            return True
        except OSError:
            return False


def free_ports(count):
    """Below the range that outgoing connections take theirs from."""
    found = []
    while len(found) < count:
        port = random.randint(14000, 31900)
        if port not in found and is_free(port):
            found.append(port)
    return found


if __name__ == "__main__":
    if sys.argv[1].startswith("="):
        sys.exit(0 if is_free(int(sys.argv[1][1:])) else 1)
    print("\n".join(map(str, free_ports(int(sys.argv[1])))))
