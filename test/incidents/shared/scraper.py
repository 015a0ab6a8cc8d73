"""scraper.py PORT INSTANCE=PAGE…: what Prometheus does, for small worlds: scrapes metrics pages every second for as long as it
runs, and answers /api/v1/query_range from what it has seen. INSTANCE is what a page is called where it is scraped ("edge-a:9100").

A query is not parsed: it is answered for the instance that it names; `timestamp(…)` gives the times of scrapes, everything else
values. As there, a point in time has the last scrape of the five minutes before it, and a failed scrape ends every series but `up`.
"""
import json
import re
import signal
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

port, pages = int(sys.argv[1]), dict(spec.split("=", 1) for spec in sys.argv[2:])
EVERY, LOOKBACK = 1, 300
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
seen = {instance: [] for instance in pages}


def scrape(instance, page):
    """Every second: when, and the values by name and labels; none where it failed."""
    while True:
        at, values = time.time(), None
        try:
            text = urllib.request.urlopen(page, timeout=0.8).read().decode()
            found = (LINE.match(line) for line in text.splitlines())
            values = {(m[1], m[2] or ""): m[3] for m in found if m and not m[1].endswith("_bucket")}
        except OSError:
            pass
        seen[instance].append((at, values))
        time.sleep(EVERY)


def answer(query, times):
    instance = next((one for one in pages if f'instance="{one}"' in query), None)
    if instance is None:
        return []
    who = {"instance": instance, "job": "ingress"}
    points = []
    for t in times:
        last = next(((at, values) for at, values in reversed(seen[instance]) if at <= t), None)
        if last and t - last[0] <= LOOKBACK:
            points.append((t, *last))
    if query.startswith("timestamp("):
        return [{"metric": who, "values": [[t, f"{at:.3f}"] for t, at, _ in points]}]
    series = {}
    for t, _, values in points:
        for (name, labels), value in (values or {}).items():
            series.setdefault((name, labels), []).append([t, value])
    up = {"metric": {"__name__": "up", **who}, "values": [[t, "1" if values else "0"] for t, _, values in points]}
    return [up] + [{"metric": {"__name__": name, **dict(LABEL.findall(labels)), **who}, "values": values} for (name, labels), values in series.items()]


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        asked = parse_qs(urlsplit(self.path).query)
        start, end, step = (int(float(asked[key][0])) for key in ("start", "end", "step"))
        body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": answer(asked["query"][0], range(start, end + 1, step))}}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for one in pages.items():
    threading.Thread(target=scrape, args=one, daemon=True).start()
server = ThreadingHTTPServer(("127.0.0.1", port), Api)
server.daemon_threads = True
server.serve_forever()
