"""exporter.py IP:PORT|unix:PATH [fields]: what node_exporter says of the network namespace that it runs in, from the real kernel's files.

`fields`: the netstat collector was started with --collector.netstat.fields='…|TcpExt_IPReversePathFilter' and the sysctl
collector with an include for each interface's rp_filter; without, both are left out, as they are by default (prometheus/node_exporter,
collector/netstat_linux.go and sysctl_linux.go).
"""
import http.server
import os
import socketserver
import sys

NETSTAT = ["TcpExt_ListenOverflows", "TcpExt_ListenDrops", "TcpExt_TCPTimeouts", "TcpExt_TCPSynRetrans"]
CONNTRACK = ["found", "invalid", "ignore", "insert", "insert_failed", "drop", "early_drop", "search_restart"]


def read(path):
    with open(path) as file:
        return file.read()


def netstat():
    lines = read("/proc/self/net/netstat").splitlines()
    found = {}
    for names, values in zip(lines[::2], lines[1::2]):
        group, _, names = names.partition(": ")
        found.update(zip((f"{group}_{name}" for name in names.split()), values.partition(": ")[2].split()))
    return found


def page(fields):
    lines = []

    def add(name, kind, words, value):
        lines.append(f"# HELP {name} {words}\n# TYPE {name} {kind}\n{name} {value}")

    if os.path.exists("/proc/sys/net/netfilter/nf_conntrack_count"):
        add("node_nf_conntrack_entries", "gauge", "Number of currently allocated flow entries for connection tracking.", read("/proc/sys/net/netfilter/nf_conntrack_count").strip())
        add("node_nf_conntrack_entries_limit", "gauge", "Maximum size of connection tracking table.", read("/proc/sys/net/netfilter/nf_conntrack_max").strip())
        head, *cpus = read("/proc/self/net/stat/nf_conntrack").splitlines()
        for name in CONNTRACK:
            at = head.split().index(name)
            add(f"node_nf_conntrack_stat_{name}", "gauge", f"Number of {name} of the connection table.", sum(int(cpu.split()[at], 16) for cpu in cpus))
    counters = netstat()
    for name in NETSTAT + (["TcpExt_IPReversePathFilter"] if fields else []):
        add(f"node_netstat_{name}", "untyped", f"Statistic {name.replace('_', '')}.", counters[name])
    if fields:
        for name in sorted(os.listdir("/proc/sys/net/ipv4/conf")):
            value = read(f"/proc/sys/net/ipv4/conf/{name}/rp_filter").strip()
            add(f"node_sysctl_net_ipv4_conf_{name.replace('-', '_')}_rp_filter", "untyped", f"sysctl net.ipv4.conf.{name}.rp_filter", value)
    return "\n".join(lines) + "\n"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = page("fields" in sys.argv[2:]).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # HTTPServer asks a resolver for its own name, which no namespace reaches.
    server_bind = socketserver.TCPServer.server_bind


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    if host == "unix":
        # A scraper whose connection stands already, where no new one gets through.
        Page.address_string = lambda self: "unix"
        socketserver.ThreadingUnixStreamServer(port, Page).serve_forever()
    Server((host, int(port)), Page).serve_forever()
