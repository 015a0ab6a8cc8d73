"""A control group of a world's own, version 1 or 2: limits of memory or processor time for a proxy, as a container has them."""
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path("/sys/fs/cgroup")


class Group:
    """`controller`: cpu or memory. Skips the incident where no group may be made (a container without the right to)."""

    def __init__(self, world, controller):
        self.world = world
        own = ROOT / controller
        self.version = 1 if own.is_dir() and (own / "cgroup.procs").exists() else 2
        self.path = (own if self.version == 1 else ROOT) / f"is-it-the-ingress-{os.getpid()}"
        try:
            if self.version == 2:
                (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
            self.path.mkdir()
        except OSError as error:
            world.skip(f"no control group can be made here ({error.strerror})")
        signal.signal(signal.SIGTERM, self.end)
        signal.signal(signal.SIGINT, self.end)

    def limit_memory(self, mib):
        self.put("memory.limit_in_bytes" if self.version == 1 else "memory.max", str(mib * 1024 * 1024))

    def limit_cpu(self, cores, period_us=100_000):
        """Shares of a core within each period; what is used up earlier waits for the next one."""
        quota = round(cores * period_us)
        if self.version == 1:
            self.put("cpu.cfs_period_us", str(period_us))
            self.put("cpu.cfs_quota_us", str(quota))
        else:
            self.put("cpu.max", f"{quota} {period_us}")

    def put(self, name, value):
        try:
            (self.path / name).write_text(value)
        except OSError as error:
            self.path.rmdir()
            self.world.skip(f"{name} cannot be set here ({error.strerror})")

    def run(self, log, *command):
        """Starts a server of the world within the group, its children too."""
        procs = str(self.path / "cgroup.procs")
        words = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', procs, *command]
        self.world.children.append(subprocess.Popen(words, stdout=open(log, "ab"), stderr=subprocess.STDOUT))

    def end(self, *_):
        """A group can be removed once nobody is left in it."""
        for turn in range(40):
            pids = (self.path / "cgroup.procs").read_text().split() if self.path.exists() else []
            for pid in pids:
                try:
                    os.kill(int(pid), signal.SIGTERM if turn == 0 else signal.SIGKILL)
                except OSError:
                    pass
            try:
                self.path.rmdir()
                break
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.02)
        self.world.end()
