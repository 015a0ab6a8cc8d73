"""gce.py LISTEN LOG HOST:PORT[,HOST:PORT…] [CHECK]: a stand-in for Google's application load balancer, clear HTTP on both sides.

Keeps its connections to the backends and never closes one itself (Google's live for 600 s), asks each for CHECK every 0.2 s and sends
only to those that answer 200, and writes each request to LOG as Cloud Logging exports it: a LogEntry in JSON a line, with
`statusDetails` (cloud.google.com/load-balancing/docs/https/https-logging-monitoring).
"""
import datetime
import http.client
import itertools
import json
import queue
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

listen, log, targets = int(sys.argv[1]), open(sys.argv[2], "a", buffering=1), sys.argv[3].split(",")
check = sys.argv[4] if len(sys.argv) > 4 else None
idle = {target: queue.SimpleQueue() for target in targets}
well = {target: True for target in targets}
turn = itertools.count()
PAGE = b"<html><head><title>502 Server Error</title></head><body><h1>Error: Server Error</h1><h2>The server encountered a temporary error and could not complete your request.<p>Please try again in 30 seconds.</h2></body></html>"
TYPE = "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"


def ask(target):
    """200 to the health check?"""
    up = http.client.HTTPConnection(target, timeout=1)
    try:
        up.request("GET", check, headers={"User-Agent": "GoogleHC/1.0"})
        return up.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        up.close()


def checks():
    while True:
        for target in targets:
            well[target] = ask(target)
        time.sleep(0.2)


class Balancer(BaseHTTPRequestHandler):
    protocol_version, server_version, sys_version = "HTTP/1.1", "Google Frontend", ""

    def exchange(self, body):
        """Status, headers, body and statusDetails of one try."""
        healthy = [target for target in targets if well[target]]
        if not healthy:
            return 502, [], PAGE, "failed_to_pick_backend"
        target = healthy[next(turn) % len(healthy)]
        try:
            up = idle[target].get_nowait()
        except queue.Empty:
            up = http.client.HTTPConnection(target, timeout=30)
            try:
                up.connect()
            except OSError:
                return 502, [], PAGE, "failed_to_connect_to_backend"
        kept = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "keep-alive")}
        try:
            up.request(self.command, self.path, body, {**kept, "Via": "1.1 google", "X-Forwarded-Proto": "http"})
            answer = up.getresponse()
            found = answer.status, answer.getheaders(), answer.read(), "response_sent_by_backend"
        except (OSError, http.client.HTTPException):
            up.close()
            return 502, [], PAGE, "backend_connection_closed_before_data_sent_to_client"
        if answer.will_close:
            up.close()
        else:
            idle[target].put(up)
        return found

    def do(self):
        length = int(self.headers.get("content-length") or 0)
        began = time.monotonic()
        status, heads, text, details = self.exchange(self.rfile.read(length) if length else None)
        now = datetime.datetime.now(datetime.timezone.utc)
        request = {"requestMethod": self.command, "requestUrl": f"http://{self.headers.get('host')}{self.path}", "status": status, "remoteIp": self.client_address[0], "latency": f"{time.monotonic() - began:.6f}s"}
        log.write(json.dumps({"httpRequest": request, "jsonPayload": {"@type": TYPE, "statusDetails": details}, "resource": {"type": "http_load_balancer", "labels": {"zone": "global"}}, "timestamp": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"}) + "\n")
        self.send_response_only(status)
        for k, v in heads:
            if k.lower() not in ("content-length", "connection", "transfer-encoding", "keep-alive"):
                self.send_header(k, v)
        if not heads:
            self.send_header("Content-Type", "text/html; charset=UTF-8")
        self.send_header("Via", "1.1 google")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if check:
    threading.Thread(target=checks, daemon=True).start()
server = ThreadingHTTPServer(("127.0.0.1", listen), Balancer)
server.daemon_threads = True
server.serve_forever()
