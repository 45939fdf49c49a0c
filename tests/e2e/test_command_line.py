"""The program at a command line: its streams and signals, the question that it asks, the broker in the foreground."""
# quick

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

SCENARIO = """\
version: 1
name: command line
seed: 7
duration: 60s
target: builtin
safety: {allow: [192.0.2.1]}
fleets:
  meters: {count: 60, telemetry: {every: 100ms, topic: "t/${device.id}", payload: x, qos: 1}}
timeline:
  - {do: connect, who: all, over: 500ms}
"""


class Workplace:
    def __init__(self):
        self.directory = processes.Directory("command-line")
        self.scenario = self.directory.file("scenario.yaml", SCENARIO)
        self.out = self.directory.file("run")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


@suite.case("two signals at once, as timeout sends them, are one request: results are written")
def _():
    with Workplace() as w:
        run = subprocess.Popen([suite.MUSTER, "run", w.scenario, "--out", w.out, "--quiet"], stdout=subprocess.DEVNULL, cwd=suite.ROOT)
        series = os.path.join(w.out, "series.csv")
        deadline = time.monotonic() + 30
        while not (os.path.exists(series) and sum(1 for _ in open(series, encoding="utf-8")) > 2) and time.monotonic() < deadline:
            time.sleep(0.05)
        # the pause lets the first arrive by itself; one that is still pending would swallow the second
        run.send_signal(signal.SIGTERM)
        time.sleep(0.01)
        run.send_signal(signal.SIGTERM)
        suite.equal(run.wait(timeout=20), 143, "exit status")
        suite.equal(suite.summary(w.out)["verdict"], "incomplete", "verdict")


@suite.case("the result goes to stdout alone, the progress to stderr, and --quiet leaves stderr empty")
def _():
    with Workplace() as w:
        run = suite.muster("run", w.scenario, "--out", w.out, "--quiet", "--json", "--set", "duration=1s", "--set", "trust.lag=10s",
                           "--set", "trust.stall=20s").expect(0)
        suite.equal(run.stderr, "", "stderr")
        suite.equal(json.loads(run.stdout), suite.summary(w.out), "stdout")


@suite.case("a result that cannot be written is an internal error")
def _():
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([suite.MUSTER, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    suite.equal(done.returncode, 1, "exit status")
    suite.check("not all of the output could be written" in done.stderr, done.stderr)


@suite.case("at a terminal, a large fleet and a public address are a question; no and silence mean no")
def _():
    with Workplace() as w:
        # 192.0.2.1 is nobody's (RFC 5737); nothing is sent to it, because the answer is not yes
        for answer in (b"n\n", b"\n", b"\x04"):
            master, slave = pty.openpty()
            run = subprocess.Popen([suite.MUSTER, "run", w.scenario, "--target", "mqtt://192.0.2.1", "--out", w.out], stdin=slave,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=suite.ROOT)
            os.close(slave)
            os.write(master, answer)
            _, error = run.communicate(timeout=20)
            os.close(master)
            suite.equal(run.returncode, 5, f"exit status after {answer}")
            for words in (b"192.0.2.1:1883", b"60 devices", b"connects/s", b"nothing was sent"):
                suite.check(words in error, f"{words} is missing in: {error}")
        suite.check(not os.path.exists(w.out), "a run directory is left behind")


@suite.case("muster backend says where it listens, keeps its settings, and reports when it is told to end")
def _():
    ready, tell = os.pipe()
    broker = subprocess.Popen([suite.MUSTER, "backend", "--listen", "127.0.0.1:0", "--quiet", "--set", "connect_timeout=300ms",
                               "--misbehave", "drop=1000", "--ready-fd", str(tell)],
                              pass_fds=[tell], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(tell)
    try:
        with os.fdopen(ready) as f:
            port = int(f.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            suite.equal(client.recv(1), b"", "what a client gets that sends no CONNECT in time")
    finally:
        broker.send_signal(signal.SIGTERM)
        out, error = broker.communicate(timeout=20)
    suite.equal((broker.returncode, error), (0, ""), "exit status and stderr")
    report = json.loads(out)
    suite.equal((report["opened"], report["accepted"], list(report["misbehave"])), (1, 0, ["drop"]), "report")


suite.main()
