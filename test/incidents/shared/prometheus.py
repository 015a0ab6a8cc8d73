"""prometheus.py PORT PAGE…: a stand-in for Prometheus: answers /api/v1/query_range about metrics pages, as if it had scraped them for long.

What a page counts now is spread evenly over two hours, every 15 s a scrape; what is no counter was always as it is. A query is not
parsed: it is answered for the page whose `instance` it names. `timestamp(…)` gives the times of scrapes, everything else values.
"""
import json
import re
import signal
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

port, pages = int(sys.argv[1]), sys.argv[2:]
LONG, DAY, EVERY = 7_200, 86_400, 15
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def series(page):
    """Name, labels, value and whether it is a counter, of each line."""
    kinds = {}
    for line in urllib.request.urlopen(page, timeout=3).read().decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            kinds[name] = kind
        elif (m := LINE.match(line)) and not m[1].endswith("_bucket"):
            counted = kinds.get(m[1]) == "counter" or kinds.get(re.sub("_(sum|count)$", "", m[1])) in ("histogram", "summary")
            yield m[1], dict(LABEL.findall(m[2] or "")), m[3], counted


def answer(query, times):
    now = time.time()
    page = next((one for one in pages if f'instance="{urlsplit(one).netloc}"' in query), None)
    if page is None:
        return []
    who = {"instance": urlsplit(page).netloc, "job": "ingress"}
    scraped = [(t, t - t % EVERY) for t in times if t <= now]
    if query.startswith("timestamp("):
        return [{"metric": who, "values": [[t, str(at)] for t, at in scraped]}]
    found = [{"metric": {"__name__": "up", **who}, "values": [[t, "1"] for t, _ in scraped]}]
    for name, labels, value, counted in series(page):
        if name == "process_start_time_seconds":
            value = str(now // DAY * DAY - 9 * DAY)
        if counted and value.replace(".", "").isdigit():
            values = [[t, str(int(float(value) * max(0, at - now + LONG) / LONG))] for t, at in scraped]
        else:
            values = [[t, value] for t, _ in scraped]
        found.append({"metric": {"__name__": name, **labels, **who}, "values": values})
    return found


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
server = ThreadingHTTPServer(("127.0.0.1", port), Api)
server.daemon_threads = True
server.serve_forever()
