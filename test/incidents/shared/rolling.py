"""What worlds with a rolling replacement share: servers that end and begin anew while users go on asking."""
import datetime
import http.client
import json
import subprocess
import threading
import time

from listening import listening


class Users:
    """Ask for a page over and over, each time on a new connection; what failed is counted and written to users.log."""

    def __init__(self, port, host, every=0.01):
        self.port, self.host, self.every, self.over = port, host, every, False
        self.asked, self.failures = 0, []
        self.thread = threading.Thread(target=self.go, daemon=True)
        self.thread.start()
        self.more(40)

    def more(self, count):
        """Returns when they have asked so often again."""
        until = self.asked + count
        while self.asked < until:
            time.sleep(0.02)

    def go(self):
        while not self.over:
            self.asked += 1
            try:
                client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=3)
                client.request("GET", f"/page/{self.asked}", headers={"Host": self.host, "Connection": "close"})
                status = client.getresponse().status
                if status >= 500:
                    self.failures.append(str(status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(type(error).__name__)
            finally:
                client.close()
            time.sleep(self.every)

    def end(self):
        self.more(40)
        self.over = True
        self.thread.join()
        with open("users.log", "w") as log:
            log.writelines(f"{how}\n" for how in self.failures)
        # Access logs know whole seconds only: what happened in the one before counts.
        time.sleep(1.1)


def replace(world, child, port, gap=0.4):
    """Ends one server with SIGTERM and starts the same again on the same port; says when."""
    child.terminate()
    try:
        child.wait(2)
    except subprocess.TimeoutExpired:
        # A Python server that was just about to wait for signals has missed this one.
        child.kill()
        child.wait()
    time.sleep(gap)
    again = subprocess.Popen(child.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    world.children[world.children.index(child)] = again
    listening(port)
    return stamp()


def stamp(seconds_ago=0.0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def change(kind, what, summary, seconds_ago=0.0, by="argo"):
    """One line of the change feed."""
    with open("changes.ndjson", "a") as feed:
        feed.write(json.dumps({"at": stamp(seconds_ago), "kind": kind, "object": what, "summary": summary, "by": by}) + "\n")
