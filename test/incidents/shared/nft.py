"""nft.py COMMAND…: rules of the kernel's packet filter in the network namespace that it runs in, over netlink: the programs nft and iptables are in few places, and the kernel's part in nearly all.

  dnat IP PORT TARGET[,TARGET…]   what comes in for IP:PORT goes to the targets in turn; callers keep their addresses, as behind an NLB with client IP preservation, IPVS or kube-proxy
  track                           connections are tracked, as on every node with kube-proxy

Attributes and messages: linux/netfilter/nf_tables.h and nfnetlink.h. Exits 2 where the kernel says no.
"""
import socket
import struct
import sys

NFTABLES = 10
NEWTABLE, NEWCHAIN, NEWRULE = 0, 3, 6
PREROUTING = 0
REG_1, REG_2 = 1, 2


def attribute(kind, data):
    data = data if isinstance(data, bytes) else struct.pack(">I", data)
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def nested(kind, *parts):
    return attribute(kind | 0x8000, b"".join(parts))


def text(kind, words):
    return attribute(kind, words.encode() + b"\0")


def expression(name, *attributes):
    return nested(1, text(1, name), nested(2, *attributes))


def packet(base, offset, length, value):
    """The packet has this value there, else the rule ends. Base 1: the network header, 2: the transport header."""
    load = expression("payload", attribute(1, REG_1), attribute(2, base), attribute(3, offset), attribute(4, length))
    return load + expression("cmp", attribute(1, REG_1), attribute(2, 0), nested(3, attribute(1, value)))


def value(register, data):
    return expression("immediate", attribute(1, register), nested(2, attribute(1, data)))


def every(modulus):
    """True for every so manieth connection that comes to this rule."""
    counted = expression("numgen", attribute(1, REG_1), attribute(2, modulus), attribute(3, 0))
    return counted + expression("cmp", attribute(1, REG_1), attribute(2, 0), nested(3, attribute(1, struct.pack("=I", 0))))


def message(kind, flags, body, family=socket.AF_INET, subsystem=NFTABLES, resource=0):
    head = struct.pack(">BBH", family, 0, resource)
    return struct.pack("=IHHII", 20 + len(body), (subsystem << 8) | kind, flags | 1, 1, 0) + head + body


def send(*messages):
    batch = message(0x10, 0, b"", 0, 0, NFTABLES) + b"".join(messages) + message(0x11, 0, b"", 0, 0, NFTABLES)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as link:
        link.settimeout(2)
        link.send(batch)
        # Each message that asks for it is answered: with its error, or 0.
        for _ in messages:
            code = struct.unpack_from("=i", link.recv(65536), 16)[0]
            if code:
                print(f"the kernel refuses the rules (error {-code})", file=sys.stderr)
                sys.exit(2)


def chain(kind, priority):
    hook = nested(4, attribute(1, PREROUTING), attribute(2, struct.pack(">i", priority)))
    table = message(NEWTABLE, 0x400 | 4, text(1, "iti"))
    return [table, message(NEWCHAIN, 0x400 | 4, text(1, "iti") + text(3, kind) + hook + text(7, kind))]


def rule(kind, *expressions):
    return message(NEWRULE, 0x400 | 0x800 | 4, text(1, "iti") + text(2, kind) + nested(4, *expressions))


def dnat(ip, port, targets):
    rules = chain("nat", -100)
    for left, target in zip(range(len(targets), 0, -1), targets):
        host, _, to = target.rpartition(":")
        turn = every(left) if left > 1 else b""
        nat = expression("nat", attribute(1, 1), attribute(2, socket.AF_INET), attribute(3, REG_1), attribute(5, REG_2))
        matched = packet(1, 16, 4, socket.inet_aton(ip)) + packet(2, 2, 2, struct.pack(">H", int(port)))
        rules.append(rule("nat", matched, turn, value(REG_1, socket.inet_aton(host)), value(REG_2, struct.pack(">H", int(to))), nat))
    return rules


def track():
    state = expression("ct", attribute(1, REG_1), attribute(2, 0))
    return [*chain("filter", -150), rule("filter", state)]


if __name__ == "__main__":
    what, *more = sys.argv[1:]
    send(*(dnat(more[0], more[1], more[2].split(",")) if what == "dnat" else track()))
