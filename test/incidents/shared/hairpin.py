"""A network balancer that keeps callers' addresses, as a kernel does it: it changes the target of packets and nothing else.

    net, users, nodes = behind(w, LB, WEB, 2)     # 127.0.0.10:LB before 127.0.0.11:WEB, 127.0.0.12:WEB; users come from 127.0.3.1
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from netns import Net  # noqa: E402

VIP, ROUTER = "127.0.0.10", "127.0.9.1"


def behind(world, lb_port, web_port, many, turns=None):
    """Each machine has one cable, to the balancer: whatever it sends goes there, as in a cloud's network. `turns`: which target gets the next connection, by number."""
    net = Net(world)
    balancer = net.place("nlb")
    balancer.forwards()
    machines = [net.place(name) for name in ("users", *(f"n{number}" for number in range(1, many + 1)))]
    for number, machine in enumerate(machines):
        net.link(machine, "eth0", f"127.0.0.{10 + number}" if number else "127.0.3.1", balancer, machine.name, ROUTER)
        machine.ip(f"route add default via {ROUTER}")
    balancer.balances(VIP, lb_port, *(f"127.0.0.{10 + number}:{web_port}" for number in turns or range(1, many + 1)))
    net.out(f"{VIP}:{lb_port}", machines[0])
    for number, machine in enumerate(machines[1:], 1):
        net.out(f"127.0.0.{10 + number}:{web_port}", machines[0])
    return net, machines[0], machines[1:]
