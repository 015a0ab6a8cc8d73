"""What the worlds written in Python share: ports, certificates, servers as children, and their end.

A world: `w = World()`, servers with `w.run(...)` or in threads of its own, `w.inventory(text)`, `w.ready()`.
"""
import atexit
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import app  # noqa: E402
from free_ports import free_ports, is_free  # noqa: E402
from listening import listening  # noqa: E402

SHARED = os.path.dirname(os.path.abspath(__file__))


class World:
    def __init__(self):
        os.chdir(os.environ["WORLD"])
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        self.children = []
        # A world that could not be made leaves nobody behind.
        atexit.register(lambda: [child.kill() for child in self.children])
        signal.signal(signal.SIGTERM, self.end)
        signal.signal(signal.SIGINT, self.end)

    def skip(self, why):
        print("skip", why, flush=True)
        self.end()

    def ports(self, *names):
        """Free ports, written to ./env as well."""
        found = free_ports(len(names))
        with open("env", "a") as env:
            env.writelines(f"{name}={port}\n" for name, port in zip(names, found))
        return found

    def cert(self, name, *hosts, days=(-10, 80)):
        subprocess.run(["bash", f"{SHARED}/cert.sh", name, ",".join(hosts), *map(str, days)], check=True)

    def app(self, port, **keys):
        """An application in a thread; see app.py for what it can be told."""
        return app.start(port, **{key: str(value) for key, value in keys.items()})

    def tls_app(self, port, certificate, minimum=None, client_ca=None, **keys):
        """The same, speaking TLS itself."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificate}.pem", f"{certificate.removesuffix('-leaf')}.key")
        if minimum:
            context.minimum_version = minimum
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server = app.Server(("127.0.0.1", port), app.handler({key: str(value) for key, value in keys.items()}))
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def run(self, log, *command):
        if not shutil.which(command[0]):
            self.skip(f"{command[0]} is not installed")
        self.children.append(subprocess.Popen(command, stdout=open(log, "ab"), stderr=subprocess.STDOUT))

    def write(self, name, text):
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path.absolute())

    def nginx(self, name, http, level="info", place=None):
        os.makedirs(f"{name}/tmp", exist_ok=True)
        user = "user root;\n" if place or os.getuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temp = "".join(f"{kind}_temp_path tmp/{kind};\n" for kind in kinds)
        text = f"{user}daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log error.log {level};\nevents {{ worker_connections 256; }}\nhttp {{\n{temp}{http}\n}}\n"
        conf = self.write(f"{name}/nginx.conf", text)
        here = os.path.dirname(conf)
        (place or self).run(f"{name}/start.log", "nginx", "-e", f"{here}/error.log", "-p", here, "-c", conf)

    def haproxy(self, name, sections, place=None):
        conf = self.write(f"{name}/haproxy.cfg", f"global\n  log stdout format raw local0\ndefaults\n  mode http\n  log global\n  option httplog\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n{sections}\n")
        (place or self).run(f"{name}/haproxy.log", "haproxy", "-db", "-f", conf)

    def inventory(self, text):
        self.write("inventory.yaml", text)

    def listening(self, *places):
        if not listening(*places):
            sys.exit(f"no server on one of {places}")

    def wait_for(self, path, text, seconds=10):
        """Until a file holds this text."""
        end = time.monotonic() + seconds
        while text not in (pathlib.Path(path).read_text() if os.path.exists(path) else ""):
            if time.monotonic() > end:
                sys.exit(f"{path} never said {text}")
            time.sleep(0.02)

    def ready(self):
        print("ready", flush=True)
        while True:
            signal.pause()

    def end(self, *_):
        for child in self.children:
            child.terminate()
        end = time.monotonic() + 1.2
        for child in self.children:
            try:
                child.wait(max(0.05, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
        os._exit(0)
