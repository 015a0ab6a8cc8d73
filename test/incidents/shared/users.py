"""What worlds with people of many kinds share: applications written out, requests as users make them, Traefik and Envoy in Python worlds."""
import http.client
import http.server
import json
import os
import shutil
import threading

import app
from world import SHARED, World as Base

NGINX_LOG = """log_format up '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent host=$host rt=$request_time ua="$upstream_addr" us="$upstream_status" urt="$upstream_response_time"';
  access_log access.log up;"""

# Users who hang up are no news.
app.Server.handle_error = lambda *_: None


class World(Base):
    def part(self, name):
        """A program: among the project's parts, else of the machine."""
        parts = os.environ.get("ITI_PARTS") or f"{SHARED}/../../../.parts"
        found = shutil.which(os.path.join(parts, name)) or shutil.which(name)
        return found or self.skip(f"{name} is not installed")

    def traefik(self, name, static, dynamic):
        self.write(f"{name}/traefik.yml", static)
        self.write(f"{name}/dynamic.yml", dynamic)
        self.run(f"{name}/traefik.log", self.part("traefik"), f"--configfile={os.getcwd()}/{name}/traefik.yml")

    def envoy(self, name, config):
        path = self.write(f"{name}/envoy.json", json.dumps(config, indent=1))
        self.run(f"{name}/envoy.log", self.part("envoy"), "-c", path, "--concurrency", "1", "--disable-hot-restart", "--file-flush-interval-msec", "200", "-l", "warning")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


def serve(port, handler, host="127.0.0.1"):
    server = Server((host, port), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    return server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "gunicorn"
    sys_version = ""

    def say(self, status, text, kind="application/json"):
        body = text.encode()
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


def ask(port, host, path="/", method="GET", body=None, source=None, timeout=10):
    """One request on a new connection: its status, or the name of the error."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0) if source else None)
    try:
        client.request(method, path, body=body, headers={"Host": host, "User-Agent": "Mozilla/5.0"})
        answer = client.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        client.close()


def together(count, call, *args):
    """COUNT calls at the same time; returns when all have ended."""
    threads = [threading.Thread(target=call, args=args, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
