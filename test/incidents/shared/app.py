"""app.py PORT[,KEY=VALUE…]…: small applications, one a port, in one process.

Keys: status, body, type, delay (seconds before the answer), every (only one of N requests is bad), only (only paths that begin so are bad),
location, server, host (the address to listen on), close=1 (hangs up without an answer), silent=1 (takes the request and says nothing),
hang=IP (silent to callers from this address only), ray=ID (says that Cloudflare answered). /healthz always answers 200 unless sick=1.
"""
import itertools
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from turns import hits  # noqa: E402

WELL = "<!doctype html><title>{name}</title><h1>{name}</h1><p>All good here.</p>\n"


def handler(keys):
    seen = itertools.count(1)
    name = keys.get("name", "Orders")

    class App(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = keys.get("server", "orders/4.2")
        sys_version = ""

        def answer(self):
            length = int(self.headers.get("content-length") or 0)
            if length:
                self.rfile.read(length)
            if self.path == "/healthz" and "sick" not in keys:
                return self.say(200, "ok\n", "text/plain")
            bad = hits(next(seen), int(keys.get("every", 1)), name) and self.path.startswith(keys.get("only", "/"))
            if not bad:
                return self.say(200, WELL.format(name=name), "text/html")
            if "hang" in keys:
                if self.client_address[0] == keys["hang"]:
                    time.sleep(60)
                return self.say(200, WELL.format(name=name), "text/html")
            if "silent" in keys:
                time.sleep(60)
            if "close" in keys:
                self.close_connection = True
                return
            time.sleep(float(keys.get("delay", 0)))
            status = int(keys.get("status", 200))
            text = keys.get("body", WELL.format(name=name) if status < 400 else f"<h1>{status}</h1><p>{name} cannot do this now.</p>\n")
            self.say(status, text, keys.get("type", "text/html"))

        def say(self, status, text, kind):
            body = text.encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if "ray" in keys:
                self.send_header("cf-ray", keys["ray"])
            if "location" in keys and 300 <= status < 400:
                self.send_header("location", keys["location"])
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_PUT = answer

        def log_message(self, *_):
            pass

    return App


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def start(port, **keys):
    """Starts one application in a thread of its own."""
    server = Server((keys.get("host", "127.0.0.1"), int(port)), handler(keys))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
    return server


if __name__ == "__main__":
    for spec in sys.argv[1:]:
        port, *pairs = spec.split(",")
        start(port, **dict(pair.split("=", 1) for pair in pairs))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()
