"""Exit codes and verdicts: what checks decide, what a broker's death leaves behind, and when the tool does not trust itself."""
# time limit: 420 s
# alone

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import proxy
import suite

FLEET = """\
version: 1
name: {name}
seed: 7
target: {target}
duration: {duration}
settle: {settle}
trust: {trust}
profiles:
  device:
    protocol: mqtt311
    mqtt: {{clean_start: {clean}}}
    reconnect: {{policy: fixed, first: 500ms}}
    timeouts: {{connect: 2s, connack: 2s}}
fleets:
  devices:
    count: {count}
    profile: device
    telemetry: {{every: 500ms, topic: "t/${{device.id}}", payload: "${{msg.seq}} ${{msg.mark}}", qos: 1}}
timeline:
  - {{do: connect, who: all, over: 1s}}
checks:
{checks}
"""


WIDE = "{lag: 10s, stall: 10s}"  # other tests may share the processors; what the tool finds of itself has cases of its own


class Workplace:
    """A directory with a scenario and a place for run directories."""

    def __init__(self, checks, target="builtin", name="verdicts", duration="5s", settle="3s", count=50, clean="true",
                 trust=WIDE):
        self.directory = processes.Directory("verdicts")
        self.scenario = self.directory.file("scenario.yaml", FLEET.format(
            checks="\n".join("  - " + c for c in checks), target=target, name=name, duration=duration, settle=settle,
            count=count, clean=clean, trust=trust))
        self.out = os.path.join(self.directory.path, "run")

    def arguments(self, *more):
        return [suite.MUSTER, "run", self.scenario, "--out", self.out, "--quiet", *more]

    def run(self, *more):
        return suite.muster("run", self.scenario, "--out", self.out, "--quiet", *more)

    def start(self, *more):
        return subprocess.Popen(self.arguments(*more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=suite.ROOT)

    def summary(self):
        return suite.summary(self.out)

    def events(self):
        with open(os.path.join(self.out, "events.ndjson"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


PROBES = 1  # connections before t = 0 by which a run finds out whether the target answers
ALL_CONNECT = "{expect: ratio(mqtt.connect.ok) == 100%}"


def sums_add_up(summary, intended=None):
    """Each operation ended exactly once: intended = count + withdrawn + dropped + open."""
    for name, o in summary["operations"].items():
        suite.equal(o["ok"] + o["failed"], o["count"], f"{name}: ok + failed against count")
    if intended is not None:
        o = summary["operations"]["mqtt.publish.ack"]
        suite.equal(o["count"] + o["withdrawn"] + o["dropped"] + o["open"], intended, "publishes intended")


def intended_publishes(scenario):
    """What the plan says is intended: the sum over all devices would be long, so one JSON says it."""
    plan = json.loads(suite.muster("plan", scenario, "--json").expect(0).stdout)
    return plan["messages_total"]


@suite.case("all checks passed: 0")
def _():
    with Workplace([ALL_CONNECT, "{expect: p99(mqtt.publish.ack) < 5s}"]) as w:
        w.run().expect(0)
        suite.equal((w.summary()["verdict"], w.summary()["exit_code"]), ("pass", 0), "verdict")
        sums_add_up(w.summary(), intended_publishes(w.scenario))


@suite.case("a crossed limit: 10")
def _():
    with Workplace(["{name: impossible, expect: p99(mqtt.publish.ack) < 1us}"]) as w:
        w.run().expect(10)
        check = w.summary()["checks"][0]
        suite.equal((check["name"], check["pass"], w.summary()["verdict"]), ("impossible", False, "fail"), "check")


@suite.case("a crossed conformance limit: 11, and --fail-code replaces it")
def _():
    with Workplace(["{expect: count(mqtt.publish) == 1, kind: conformance}"]) as w:
        w.run("--fail-code", "77").expect(77)
        suite.equal(w.summary()["exit_code"], 77, "exit code in the summary")
    with Workplace(["{expect: count(mqtt.publish) == 1, kind: conformance}"]) as w:
        w.run().expect(11)


@suite.case("kind: info never fails")
def _():
    with Workplace(["{expect: p99(mqtt.publish.ack) < 1us, kind: info}"]) as w:
        w.run().expect(0)


@suite.case("abort: true ends the run at once: 12")
def _():
    with Workplace(["{expect: count(mqtt.publish) < 20, abort: true}"], duration="60s") as w:
        result = w.run().expect(12)
        suite.equal(w.summary()["verdict"], "aborted", "verdict")
        suite.check(result.seconds < 20, f"it took {result.seconds:.0f} s")
        told = [e for e in w.events() if e["kind"] == "check"]
        suite.equal([(e["pass"], e["aborted"]) for e in told], [(False, True)] * 2, "check lines: as it fired, and at the end")
        suite.check(told[0]["n"] < [e["n"] for e in w.events() if e["kind"] == "health"][-1], "told only after the run")


@suite.case("a check over an empty set fails and says so")
def _():
    with Workplace(["{expect: p99(mqtt.end_to_end) < 1s}"]) as w:
        w.run().expect(10)
        check = w.summary()["checks"][0]
        suite.equal((check["pass"], check["value"]), (False, None), "check")
        suite.check(check.get("reason"), "no reason given")


@suite.case("broker absent: 6, and the run directory is free for the next run")
def _():
    with Workplace([ALL_CONNECT], target=f"mqtt://127.0.0.1:{processes.free_port()}") as w:
        result = w.run().expect(6)
        suite.check("refused" in result.stderr, f"stderr: {result.stderr}")
        suite.check(not os.path.exists(w.out) or not os.listdir(w.out), "something was left behind")


@suite.case("--wait waits for the broker")
def _():
    suite.need(brokers.Mosquitto)
    port = processes.free_port()
    with Workplace([ALL_CONNECT], target=f"mqtt://127.0.0.1:{port}") as w:
        run = w.start("--wait", "20s")
        time.sleep(1)
        with brokers.Mosquitto(port=port):
            suite.equal(run.wait(timeout=processes.PATIENCE), 0, "exit status")
        run.stderr.close()


# In a mount namespace of its own: /etc/hosts becomes a file that can be written, and which learns the name a second later.
LATE_NAME = """\
set -e
cp /etc/hosts "$1/hosts" && mount --bind "$1/hosts" /etc/hosts
(sleep 1; echo "127.0.0.1 late.example" >> "$1/hosts") &
shift
exec "$@"
"""


@suite.case("--wait waits for the target's name")
def _():
    suite.need(brokers.Mosquitto)
    allowed = subprocess.run(["unshare", "--map-root-user", "--mount", "true"], stderr=subprocess.PIPE, text=True, check=False)
    if allowed.returncode != 0:
        raise suite.Skip(f"no mount namespace of its own: {allowed.stderr.strip()}")
    with brokers.Mosquitto() as broker, Workplace([ALL_CONNECT], target=f"mqtt://late.example:{broker.port}", duration="2s") as w:
        w.run().expect(6)
        run = suite.Run(["unshare", "--map-root-user", "--mount", "sh", "-c", LATE_NAME, "sh", w.directory.path,
                         *w.arguments("--wait", "20s")], cwd=suite.ROOT)
        run.expect(0)


@suite.case("two runs into one --out: a clear refusal, 2")
def _():
    with Workplace([ALL_CONNECT], duration="2s") as w:
        w.run().expect(0)
        before = w.summary()
        result = w.run().expect(2)
        suite.check(w.out in result.stderr, f"stderr does not name the directory: {result.stderr}")
        suite.equal(w.summary(), before, "the first run's summary")


@suite.case("Ctrl-C: results, 130")
def _():
    with Workplace([ALL_CONNECT], duration="60s") as w:
        run = w.start()
        processes.reach(w.out, 3)
        run.send_signal(signal.SIGINT)
        suite.equal(run.wait(timeout=processes.PATIENCE), 130, "exit status")
        run.stderr.close()
        summary = w.summary()
        suite.equal((summary["exit_code"], summary["verdict"]), (130, "incomplete"), "summary")
        suite.check(summary["operations"]["mqtt.publish.ack"]["ok"] > 50, "no results")
        sums_add_up(summary)


@suite.case("the first Ctrl-C is answered at once, unless --quiet")
def _():
    for quiet in (False, True):
        with Workplace([ALL_CONNECT], duration="60s") as w:
            arguments = [a for a in w.arguments() if quiet or a != "--quiet"]
            with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=suite.ROOT) as run:
                processes.reach(w.out, 2)
                run.send_signal(signal.SIGINT)
                if not quiet:
                    told = run.stderr.readline()
                    suite.check("stopping: no new load, devices disconnect; again to exit now" in told, f"stderr: {told}")
                    suite.check(not os.path.exists(os.path.join(w.out, "summary.json")), "told only with the results")
                _, error = run.communicate(timeout=processes.PATIENCE)
                suite.equal(run.returncode, 130, "exit status")
                suite.check("stopping" not in error, f"stderr: {error}")


@suite.case("SIGTERM: results, 143")
def _():
    with Workplace([ALL_CONNECT], duration="60s") as w:
        run = w.start()
        processes.reach(w.out, 2)
        run.send_signal(signal.SIGTERM)
        suite.equal(run.wait(timeout=processes.PATIENCE), 143, "exit status")
        run.stderr.close()


def against_proxy(w, between, during):
    run = w.start()
    during()
    status = run.wait(timeout=processes.PATIENCE)
    error = run.stderr.read()
    run.stderr.close()
    suite.check(status in (0, 10, 11), f"exit status {status}: {error}")
    return w.summary(), between.finish()


def books_agree(w, summary, counts):
    """What a proxy in between saw is what the run says."""
    sums_add_up(summary, intended_publishes(w.scenario))
    up, down = counts["up"], counts["down"]
    suite.equal(summary["messages"]["sent"], up["distinct"], "messages sent against distinct publishes on the wire")
    suite.equal(summary["network"]["connections_opened"], counts["accepted"] - PROBES, "connections")
    suite.check(summary["messages"]["acked"] <= down["puback"], "more acknowledged than the wire carried")
    suite.check(down["puback"] - summary["messages"]["acked"] <= up["dup"] + counts["undecoded"] + 50,
                f"{down['puback']} acknowledgements on the wire, {summary['messages']['acked']} counted")


@suite.case("broker undisturbed: messages, acknowledgements and connections equal what a proxy saw")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        with Workplace([ALL_CONNECT], target=between.uri, duration="6s") as w:
            summary, counts = against_proxy(w, between, lambda: None)
            sums_add_up(summary, intended_publishes(w.scenario))
            suite.equal((summary["messages"]["sent"], summary["messages"]["acked"]),
                        (counts["up"]["distinct"], counts["down"]["puback"]), "messages and acknowledgements")
            suite.equal((summary["network"]["connections_opened"], counts["up"]["disconnect"]), (counts["accepted"] - PROBES, 50),
                        "connections and farewells")


@suite.case("broker killed for good in mid-run: the run completes and every message is in one class")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        with Workplace([ALL_CONNECT], target=between.uri, duration="8s") as w:
            def during():
                processes.reach(w.out, 4)
                broker.kill()
            summary, counts = against_proxy(w, between, during)
            books_agree(w, summary, counts)
            o = summary["operations"]["mqtt.publish.ack"]
            suite.check(o["dropped"] + o["open"] > 100, f"publishes: {o}")
            suite.equal(summary["devices"]["online_end"], 0, "devices online at the end")


@suite.case("broker killed and restarted: devices come back, nothing is lost from the books")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        with Workplace([ALL_CONNECT], target=between.uri, duration="12s", clean="false") as w:
            def during():
                processes.reach(w.out, 4)
                broker.kill()
                time.sleep(2)
                broker.restart()
            summary, counts = against_proxy(w, between, during)
            books_agree(w, summary, counts)
            suite.equal(summary["devices"]["online_end"], 50, "devices online at the end")
            suite.check(summary["devices"]["reconnects"] >= 50, "reconnects")
            suite.equal(summary["messages"]["acked"], summary["messages"]["sent"], "acknowledged in the end")


@suite.case("the generator stopped for a second: 13")
def _():
    with Workplace([ALL_CONNECT], duration="6s", trust="{lag: 10ms}") as w:
        run = w.start()
        processes.reach(w.out, 2)
        run.send_signal(signal.SIGSTOP)
        time.sleep(1)
        run.send_signal(signal.SIGCONT)
        suite.equal(run.wait(timeout=processes.PATIENCE), 13, "exit status")
        run.stderr.close()
        suite.equal(w.summary()["verdict"], "not_trustworthy", "verdict")


def hog(core, seconds):
    """A real-time busy loop on one core."""
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        os._exit(0)
    return pid


@suite.case("a real-time busy loop on every core for two seconds: 13")
def _():
    try:
        policy = os.sched_getscheduler(0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, policy, os.sched_param(0))
    except PermissionError as reason:
        raise suite.Skip(f"real-time scheduling is not allowed here: {reason}") from reason
    with Workplace([ALL_CONNECT], duration="8s", trust="{lag: 10ms}") as w:
        run = w.start()
        processes.reach(w.out, 2)
        hogs = [hog(core, 2) for core in os.sched_getaffinity(0)]
        for pid in hogs:
            os.waitpid(pid, 0)
        suite.equal(run.wait(timeout=processes.PATIENCE), 13, "exit status")
        run.stderr.close()


@suite.case("kill -9: the logs that were written stay readable")
def _():
    with Workplace([ALL_CONNECT], duration="60s") as w:
        run = w.start()
        processes.reach(w.out, 3)
        run.kill()
        run.wait()
        run.stderr.close()
        with open(os.path.join(w.out, "events.ndjson"), encoding="utf-8") as f:
            lines = f.read().split("\n")
        suite.check(len(lines) > 3, "no events")
        for n, line in enumerate(lines[:-1]):
            suite.equal(json.loads(line)["n"], n, "number of the line")
        with open(os.path.join(w.out, "manifest.json"), encoding="utf-8") as f:
            suite.equal(json.load(f)["complete"], False, "complete in the manifest")


suite.main()
