"""fill_conntrack.py [KEEP]: fills the connection table of the network namespace that it runs in, but for KEEP entries, with established connections.

Each namespace counts its own entries against net.netfilter.nf_conntrack_max of the machine (nf_conntrack_core.c, __nf_conntrack_alloc).
Entries are written as conntrackd writes those of another machine: over ctnetlink, assured, so that none gives way to a new one.
"""
import socket
import struct
import sys

NEW = (1 << 8) | 0
# seen reply, assured, confirmed: linux/netfilter/nf_conntrack_common.h
STATUS = 1 << 1 | 1 << 2 | 1 << 3
ESTABLISHED = 3
MOST = 600_000


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def tuple_of(kind, source, target, sport, dport):
    ip = attribute(1 | 0x8000, attribute(1, source) + attribute(2, target))
    proto = attribute(2 | 0x8000, attribute(1, b"\x06") + attribute(2, struct.pack(">H", sport)) + attribute(3, struct.pack(">H", dport)))
    return attribute(kind | 0x8000, ip + proto)


def entry(number):
    client = struct.pack(">I", 0x0A000001 + number // 60_000)
    server, port = b"\x0a\xff\x00\x01", 1024 + number % 60_000
    body = struct.pack(">BBH", socket.AF_INET, 0, 0)
    body += tuple_of(1, client, server, port, 443) + tuple_of(2, server, client, 443, port)
    body += attribute(3, struct.pack(">I", STATUS)) + attribute(7, struct.pack(">I", 7200))
    body += attribute(4 | 0x8000, attribute(1 | 0x8000, attribute(1, bytes([ESTABLISHED]))))
    return struct.pack("=IHHII", 16 + len(body), NEW, 0x400 | 1, 0, 0) + body


def number(name):
    with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}") as file:
        return int(file.read())


if __name__ == "__main__":
    most = number("max")
    if most > MOST:
        sys.exit(f"a table of {most} entries is too much to fill")
    keep = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    done, left = 0, most - keep - number("count")
    while done < left:
        many = min(200, left - done)
        link.send(b"".join(entry(done + i) for i in range(many)))
        done += many
    if number("count") < most - keep - 100:
        sys.exit(f"the table takes no entries over netlink: {number('count')} of {most}")
