"""Processes that a test starts, and that surely end with it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


# Seconds that a test waits for what surely comes, on however busy a machine. What a test claims never depends on it.
PATIENCE = 90


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds, what, every=0.05):
    """Returns the first true value of condition(); raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(every)


def reach(directory, seconds):
    """Waits until the run that writes its results there has closed so many seconds."""
    series = os.path.join(directory, "series.csv")

    def has_them():
        if not os.path.exists(series):
            return False
        with open(series, encoding="utf-8", errors="replace") as f:
            return f.read().count("\n") > seconds
    wait_until(has_them, PATIENCE, f"{seconds} seconds of a run")


def listens(port, host="127.0.0.1"):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((host, port)) == 0


class Process:
    """A program in a process group of its own; what it prints goes to a file."""

    def __init__(self, arguments, log, env=None, cwd=None):
        self.log = log
        with open(log, "ab") as out:
            # Popen is kept, and stop() ends it
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                          env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def signal(self, number):
        """Signals the whole group; one that is gone already is no error."""
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            pass

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL to what is left of the group. Returns the exit status."""
        if self.running():
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        return self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.child.wait()

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


class Directory:
    """A temporary directory, made at the first use and removed by close(). MUSTER_KEEP=1 keeps it for a look."""

    def __init__(self, prefix):
        self.path = tempfile.mkdtemp(prefix=f"muster-{prefix}-")

    def file(self, name, text=None):
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def close(self):
        if os.environ.get("MUSTER_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
