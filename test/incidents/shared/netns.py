"""Network namespaces for worlds in which packets matter: machines with interfaces, routes and filters of their own.

    net = Net(w)                                     # skips the incident where namespaces are not allowed
    node = net.place("node")                         # a machine; its servers: node.run(...), w.nginx(..., place=node)
    net.link(node, "eth0", "127.0.0.11", router, "to-node", "127.0.9.1")
    net.out("127.0.0.11:8080", node)                 # what listens there is reached at the same address from outside
    net.into(node, "127.0.0.1:9000")                 # and the other way round
    net.open()                                       # when all is said

Places have addresses of 127.0.0.0/8 (route_localnet), so that inventories, logs and clouds say the same address inside and
outside. Who is not root gets a user namespace around it. What crosses its border are unix sockets.
"""
import os
import shutil
import subprocess
import sys
import time

SHARED = os.path.dirname(os.path.abspath(__file__))
WAIT = ("sh", "-c", "echo ready; exec sleep infinity")


class Place:
    def __init__(self, world, name, holder, enter):
        self.world, self.name, self.pid = world, name, holder.pid
        self.prefix = ("nsenter", "--preserve-credentials", *enter, "-n", "-t", str(holder.pid), "--")
        self.relays = []
        self.ip("link set lo up")
        self.ip("addr del 127.0.0.1/8 dev lo")
        self.ip("addr add 127.0.0.1/32 dev lo")
        self.sysctl("net/ipv4/conf/all/route_localnet", 1)

    def command(self, *command):
        done = subprocess.run((*self.prefix, *command), capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def tries(self, *command):
        """What it says where it fails, else nothing."""
        done = subprocess.run((*self.prefix, *command), capture_output=True, text=True, check=False)
        return (done.stderr.strip().splitlines() or ["no word"])[-1] if done.returncode else ""

    def ip(self, words):
        return self.command("ip", *words.split())

    def sysctl(self, key, value):
        self.command("sh", "-c", f"echo {value} >/proc/sys/{key}")

    def forwards(self):
        self.sysctl("net/ipv4/ip_forward", 1)
        self.sysctl("net/ipv4/conf/all/send_redirects", 0)

    def balances(self, ip, port, *targets):
        """DNAT that keeps the callers' addresses; skips the incident where the kernel has none."""
        self.rules("dnat", ip, str(port), ",".join(targets))

    def rules(self, *words):
        refused = self.tries(sys.executable, f"{SHARED}/nft.py", *words)
        if refused:
            self.world.skip(f"no packet filter rules in namespaces here: {refused}")

    def listening(self, *addresses):
        """Waits for what listens in this place: from outside a relay always answers."""
        self.command(sys.executable, f"{SHARED}/listening.py", *addresses)

    def run(self, log, *command):
        if not shutil.which(command[0]):
            self.world.skip(f"{command[0]} is not installed")
        self.world.run(log, *self.prefix, *command)


class Net:
    def __init__(self, world):
        self.world, self.places, self.relays = world, [], []
        for program in ("ip", "nsenter", "unshare"):
            if not shutil.which(program):
                world.skip(f"{program} is not installed")
        self.first = None
        # Root needs no user namespace, and nginx is at home in none: its workers may not set their groups there.
        for how in (("unshare", "-n"), ("unshare", "-Urn")):
            if subprocess.run((*how, "sh", "-c", "ip link set lo up && echo 1 >/proc/sys/net/ipv4/ip_forward"), capture_output=True, check=False).returncode == 0:
                self.how = how
                return
        world.skip("network namespaces are not allowed here")

    def place(self, name):
        # All machines in one user namespace: who may connect two of them is who made both.
        command = ("nsenter", "--preserve-credentials", "-U", "-t", self.first, "--", "unshare", "-n") if self.first else self.how
        holder = subprocess.Popen((*command, *WAIT), stdout=subprocess.PIPE, text=True)
        self.world.children.append(holder)
        holder.stdout.readline()
        if "-Urn" in self.how:
            self.first = self.first or str(holder.pid)
        place = Place(self.world, name, holder, ("-U",) if self.first else ())
        self.places.append(place)
        return place

    def link(self, one, first, address, other, second, peer):
        """A cable between two places: the name of its interface here and there, and the address of each end."""
        one.ip(f"link add {first} type veth peer name {second} netns {other.pid}")
        for place, name, here, there in ((one, first, address, peer), (other, second, peer, address)):
            place.ip(f"addr add {here} peer {there} dev {name} scope global")
            place.ip(f"link set {name} up")

    def out(self, outside, place, inside=None):
        """What is reached at `inside` from this place is reached at `outside` from the machine itself."""
        socket = f"unix:{os.getcwd()}/{place.name}-{len(self.relays)}.sock"
        self.relays.append(f"{outside}={socket}")
        place.relays.append(f"{socket}={inside or outside}")

    def into(self, place, address):
        socket = f"unix:{os.getcwd()}/{place.name}-{len(self.relays)}.sock"
        self.relays.append(f"{socket}={address}")
        place.relays.append(f"{address}={socket}")

    def open(self):
        for place in (self.world, *self.places):
            relays = self.relays if place is self.world else place.relays
            if relays:
                place.run("relay.log", sys.executable, f"{SHARED}/relay.py", *relays)
        ours = [relay.partition("unix:")[2].partition("=")[0] for relay in self.relays]
        end = time.monotonic() + 10
        while not all(os.path.exists(path) for path in ours):
            if time.monotonic() > end:
                sys.exit("no relay out of a namespace")
            time.sleep(0.02)
