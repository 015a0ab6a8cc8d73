"""gce_past.py LOG HOST MINUTES WORD BAD: an hour or so of a Google balancer's log before now, one request in four seconds, all 200 but
those that BAD names: minutes ago that were bad as a whole for a quarter of a minute (`40,12`), or each Nth request (`/30`).
"""
import datetime
import json
import sys

path, host, minutes, word, bad = sys.argv[1:]
TYPE = "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"
now = datetime.datetime.now(datetime.timezone.utc)
moments = [] if bad.startswith("/") else [int(one) * 60 for one in bad.split(",")]
with open(path, "a") as log:
    # Not up to now: what follows is written by the balancer itself.
    for i, ago in enumerate(range(int(minutes) * 60, 240, -4)):
        failed = i % int(bad[1:]) == 7 if bad.startswith("/") else any(one - 15 < ago <= one for one in moments)
        status, details = (502, word) if failed else (200, "response_sent_by_backend")
        request = {"requestMethod": "GET", "requestUrl": f"http://{host}/p/{i}", "status": status, "remoteIp": f"198.51.100.{i % 90}", "latency": "0.012s"}
        at = now - datetime.timedelta(seconds=ago)
        log.write(json.dumps({"httpRequest": request, "jsonPayload": {"@type": TYPE, "statusDetails": details}, "resource": {"type": "http_load_balancer", "labels": {"zone": "global"}}, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"}) + "\n")
