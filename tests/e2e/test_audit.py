"""The audit finds what was planted, to the message, and nothing where nothing is; what the observer itself missed is never
the backend's loss. The application side is Paho MQTT C, the far end real brokers and the built-in one."""
# time limit: 240 s

import json
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import mqtt
import processes
import suite

FATES = ("sent", "acked", "audited", "received", "lost", "duplicated", "reordered", "excluded")


TRIES = 3


class Stalled(Exception):
    """The machine stood still so long that messages fell out of the audit, and the program said so itself."""


def again_when_stalled(function):
    """What a case claims to the message can only be seen while the machine does not stall: it is noted, and done again."""
    def tries():
        for left in reversed(range(TRIES)):
            try:
                return function()
            except Stalled as stall:
                suite.check(left > 0, f"this machine stalled in {TRIES} runs: {stall}")
                print(f"NOTE done again, for this machine stalled: {stall}", flush=True)
    return tries


class Scenario:
    """A scenario in a directory of its own, and its run."""

    def __init__(self, target, fleets, observe="all", checks=(), duration="3s", settle="2s", more="", devices_over="300ms"):
        self.directory = processes.Directory("audit")
        self.process = None
        lines = ["version: 1", "name: audit", "seed: 20261122", f"duration: {duration}", f"settle: {settle}",
                 f"target: {target}", f"observe: {observe}",
                 # other tests may share the processors: what is judged here is the backend
                 "trust: {lag: 30s, stall: 30s}", "fleets:"]
        lines += [f"  {name}: {fleet}" for name, fleet in fleets.items()]
        lines += [f"timeline: [{{do: connect, who: all, over: {devices_over}}}]"]
        lines += ["checks:"] + [f"  - {{expect: '{c}', kind: conformance}}" for c in checks] if checks else []
        self.file = self.directory.file("audit.yaml", "\n".join(lines) + "\n" + more)
        self.out = os.path.join(self.directory.path, "out")

    def run(self, *options, **keywords):
        run = suite.muster("run", self.file, "--out", self.out, *options, **keywords)
        self.text = run.stdout + run.stderr
        return run

    def run_unstalled(self, *options):
        """The same; raises Stalled when messages fell out of the audit because this machine stood still."""
        run = self.run(*options)
        if os.path.exists(os.path.join(self.out, "summary.json")):
            stalls = [gap for gap in self.summary()["audit"]["gaps"] if gap["kind"] == "stall" and gap["messages"] > 0]
            if stalls:
                raise Stalled(stalls)
        return run

    def start(self, *options):
        """Begins a run that goes on beside the test; finish() waits for its end."""
        self.process = processes.Process([suite.MUSTER, "run", self.file, "--out", self.out, *options],
                                         self.directory.file("log"), cwd=suite.ROOT)

    def finish(self, status):
        found = self.process.child.wait(processes.PATIENCE)
        self.text = self.process.output()
        suite.equal(found, status, f"exit status\n{self.text[-3000:]}\n")

    def observer_lost_it(self):
        """The run under way has told that its observer lost the connection."""
        return any(e["kind"] == "message" and "lost its connection" in e["text"] for e in self.events())

    def summary(self):
        return suite.summary(self.out)

    def messages(self):
        return {key: self.summary()["messages"][key] for key in FATES}

    def events(self):
        with open(os.path.join(self.out, "events.ndjson"), encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]  # a run under way may have begun one

    def counted(self, metric):
        """The sum of a counter over the lines of events.ndjson."""
        return sum(line.get(metric, 0) for line in self.events() if line["kind"] == "counters")

    def close(self):
        if self.process is not None:
            self.process.stop()
        self.directory.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def fleet(qos, count=20, every="20ms", topic="a/${device.id}/t", more=""):
    return (f"{{count: {count}, {more}telemetry: {{every: {every}, topic: \"{topic}\", payload: \"random(32B)\", qos: {qos}}}}}")


@suite.case("what a misbehaving broker drops, repeats and reorders is counted to the message, at every QoS")
@again_when_stalled
def _():
    for qos in (0, 1, 2):
        planted = ("--misbehave", "drop=60", "--misbehave", "duplicate=50", "--misbehave", "reorder=40")
        with brokers.Builtin(*planted) as broker, Scenario(broker.uri, {"a": fleet(qos)}, duration="2s", settle="1s") as s:
            s.run_unstalled().expect(0)
            broker_counts = broker.counts()
            counts = {name: row["count"] for name, row in broker_counts["misbehave"].items()}
            m = s.messages()
            suite.check(min(counts.values()) >= 15, f"enough planted: {counts}")
            suite.equal((m["lost"], m["duplicated"], m["reordered"]), (counts["drop"], counts["duplicate"], counts["reorder"]),
                        f"found at QoS {qos}")
            suite.equal((m["audited"], m["excluded"]), (m["sent"], 0), "audited and excluded")
            suite.equal(m["received"], m["sent"] - counts["drop"], "received")
            suite.equal(s.summary()["messages"]["qos"], {str(qos): m}, "by QoS")
            suite.equal([s.counted(metric) for metric in ("mqtt.publish.lost", "mqtt.audit.duplicated", "mqtt.audit.reordered")],
                        [counts["drop"], counts["duplicate"], counts["reorder"]], "in events.ndjson")
            suite.check(f"{m['received']:,}".replace(",", " ") in s.text, "the text names how many arrived:\n" + s.text)


@suite.case("checks over loss, copies and order judge by the audit, QoS 0 included")
@again_when_stalled
def _():
    checks = ("lost(mqtt.publish{qos=0}) == 0", "lost(mqtt.publish{qos=1}) == 0", "duplicated(mqtt.publish{fleet=b}) == 0",
              "reordered(mqtt.publish) == 0", "lost(mqtt.publish{qos=2}) == 0")
    with brokers.Builtin("--misbehave", "drop=200") as broker:
        with Scenario(broker.uri, {"a": fleet(0), "b": fleet(1, topic="b/${device.id}/x")}, checks=checks) as s:
            s.run_unstalled().expect(11)
            passed = [check["pass"] for check in s.summary()["checks"]]
            suite.equal(passed, [False, False, True, True, False], "checks")
            suite.check("no data" in s.summary()["checks"][4]["reason"], "a check without data says so")


@suite.case("a clean Mosquitto loses, repeats and reorders nothing at QoS 1")
@again_when_stalled
def _():
    suite.need(brokers.Mosquitto)
    checks = ("lost(mqtt.publish) == 0", "duplicated(mqtt.publish) == 0", "reordered(mqtt.publish) == 0",
              "count(mqtt.end_to_end) > 5000")
    with brokers.Mosquitto() as broker:
        with Scenario(broker.uri, {"a": fleet(1, count=100, every="50ms")}, checks=checks, duration="4s") as s:
            s.run_unstalled().expect(0)
            m = s.messages()
            suite.equal((m["lost"], m["duplicated"], m["reordered"], m["excluded"]), (0, 0, 0, 0), "found")
            suite.equal((m["audited"], m["received"]), (m["sent"], m["sent"]), "audited and received")
            end_to_end = s.summary()["operations"]["mqtt.end_to_end"]
            suite.equal(end_to_end["ok"], m["sent"], "end-to-end times")
            suite.check(0 < end_to_end["response_ms"]["p50"] < 1000, f"end to end: {end_to_end['response_ms']}")


def intrude(scenario, port, client_id, seconds, every=0.02):
    """Takes the session of that client of a run over, again and again, for so long from when the run has noticed."""
    end = time.monotonic() + processes.PATIENCE
    noticed = False
    while time.monotonic() < end:
        if not noticed and scenario.observer_lost_it():
            noticed, end = True, time.monotonic() + seconds
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as s:
                s.sendall(mqtt.connect_packet(client_id, 4))
                mqtt.read_packet(s.makefile("rb"))
                time.sleep(every)
        except (OSError, mqtt.MqttError):
            time.sleep(every)
    suite.check(noticed, "the run has noticed that its observer lost the connection")


@suite.case("an observer that was away for a second finds no loss, and its gap is named")
def _():
    suite.need(brokers.Mosquitto)
    for protocol in ("mqtt311", "mqtt5"):
        observe = f"{{protocol: {protocol}}}"
        with brokers.Mosquitto() as broker, Scenario(broker.uri, {"a": fleet(1, count=50)}, observe, duration="6s") as s:
            s.start("--run-id", "0a0a")
            processes.reach(s.out, 1)
            intrude(s, broker.port, "muster-0a0a-observer-0", 1)
            s.finish(0)
            m, gaps = s.messages(), [gap for gap in s.summary()["audit"]["gaps"] if gap["kind"] == "connection"]
            suite.equal((m["lost"], m["duplicated"], m["reordered"]), (0, 0, 0), f"{protocol}: found")
            suite.check(100 < m["excluded"] < m["sent"], f"{protocol}: out of the audit: {m}")
            suite.equal(m["audited"] + m["excluded"], m["sent"], f"{protocol}: all messages")
            suite.equal(m["received"], m["audited"], f"{protocol}: what was audited arrived")
            suite.check(gaps and sum(gap["messages"] for gap in s.summary()["audit"]["gaps"]) == m["excluded"], f"gaps: {gaps}")
            told = [e["text"] for e in s.events() if e["kind"] == "message" and e.get("id") == "observer"]
            suite.check(any("lost its connection" in t for t in told) and any("is back" in t for t in told), f"told: {told}")
            suite.check([e for e in s.events() if e["kind"] == "gap" and e["why"] == "connection"], "a line of the gap")
            suite.check("out of the audit (connection from" in " ".join(s.text.split()), "the text names the gap:\n" + s.text)


@suite.case("a check over messages that the observer could not see is not trusted")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker:
        with Scenario(broker.uri, {"a": fleet(1, count=50)}, checks=("lost(mqtt.publish) == 0",), duration="4s") as s:
            s.start("--run-id", "0a0b")
            processes.reach(s.out, 1)
            intrude(s, broker.port, "muster-0a0b-observer-0", 0.5)
            s.finish(13)
            findings = [f["text"] for f in s.summary()["trust"]["findings"]]
            suite.check(any("fell out of the audit" in text for text in findings), f"findings: {findings}")
            suite.check(s.summary()["checks"][0]["pass"], "the check itself holds")


@suite.case("a program that stood still for a second finds no loss, and names the stall")
def _():
    suite.need(brokers.Mosquitto)
    # a backend with the short queue of its defaults, which drops what a stalled subscriber does not take
    with brokers.Mosquitto(settings=("max_queued_messages 1000",)) as broker:
        with Scenario(broker.uri, {"a": fleet(1, count=100, every="25ms")}, duration="5s") as s:
            s.start()
            processes.reach(s.out, 2)
            s.process.signal(signal.SIGSTOP)
            time.sleep(1)  # the length of the stall, not a wait
            s.process.signal(signal.SIGCONT)
            s.finish(0)
            m, gaps = s.messages(), s.summary()["audit"]["gaps"]
            suite.equal(m["lost"], 0, f"lost ({m})")
            suite.check([gap for gap in gaps if gap["kind"] == "stall" and gap["messages"] > 500 and gap["to_s"] - gap["from_s"] > 0.9],
                        f"gaps: {gaps}")
            suite.equal((m["audited"] + m["excluded"], m["received"]), (m["sent"], m["audited"]), "all messages")


@suite.case("a backend that wants credentials gets the observer's, and without them nothing is sent")
def _():
    suite.need(brokers.Ejabberd)
    user, password = brokers.CREDENTIALS
    identities = f"identities: {{all: {{kind: password, user: {user}, password: {password}}}}}\n"
    one = fleet(1, count=5, every="100ms", more="protocol: mqtt5, identity: all, ")
    with brokers.Ejabberd() as broker:
        with Scenario(broker.uri, {"a": one}, more=identities) as s:
            run = s.run()
            if mqtt.accepts(broker.port, "5.0"):  # newer ones let everybody in
                run.expect(0)
            else:
                run.expect(6)
                suite.check("the observer cannot" in s.text and "identity" in s.text, s.text)
        with Scenario(broker.uri, {"a": one}, observe="{identity: all}", more=identities) as s:
            s.run().expect(0)
            m = s.messages()
            suite.equal((m["audited"], m["received"], m["lost"]), (m["sent"], m["sent"], 0), "messages")


@suite.case("a backend that hands QoS 2 on as QoS 1 is audited, and the report says so")
@again_when_stalled
def _():
    suite.need(brokers.RabbitMQ)
    with brokers.RabbitMQ() as broker:
        with Scenario(broker.uri, {"a": fleet(1, count=10, more="protocol: mqtt311, ")}) as s:
            s.run_unstalled().expect(0)
            m, audit = s.messages(), s.summary()["audit"]
            suite.equal((m["audited"], m["received"], m["lost"], m["reordered"]), (m["sent"], m["sent"], 0, 0), "messages")
            suite.equal("QoS 1 at most" in " ".join(s.text.split()), audit["granted_qos"] == 1, "what the text says")


@suite.case("a sample of devices is audited through filters of its own")
@again_when_stalled
def _():
    with brokers.Builtin() as broker:
        with Scenario(broker.uri, {"a": fleet(1, count=40)}, observe="{share: 25%}") as s:
            s.run_unstalled().expect(0)
            audit, m = s.summary()["audit"], s.messages()
            suite.equal((audit["devices"], audit["of_devices"]), (10, 40), "devices")
            suite.check(m["sent"] // 5 < m["audited"] < m["sent"] // 3, f"audited: {m}")
            suite.equal(m["received"], m["audited"], "received")
            suite.check("10 of 40 devices" in " ".join(s.text.split()), s.text)
            delivered = sum(broker.counts()[f"delivered_qos{qos}"] for qos in (0, 1, 2))
            suite.equal(delivered, m["audited"], "what the broker had to deliver")


@suite.case("overlapping filters of an observer are refused before anything is sent")
def _():
    with Scenario("builtin", {"a": fleet(1)}, observe="{topics: [\"a/#\", \"a/+/t\"]}") as s:
        run = suite.muster("check", s.file)
        run.expect(3)
        suite.check("E422" in run.stdout + run.stderr, run.stdout + run.stderr)


@suite.case("devices whose link is cut do not make the backend lose messages")
@again_when_stalled
def _():
    timeline = "{id: cut, at: 1s, do: link_down, how: reset, who: all, for: 500ms}, {at: 2s, do: reset, who: {percent: 50}}"
    with brokers.Builtin() as broker:
        s = Scenario(broker.uri, {f"q{qos}": fleet(qos, topic=f"q{qos}/${{device.id}}", more="network: slow, ") for qos in (0, 1, 2)},
                     more="networks: {slow: {rtt: 40ms}}\n", duration="4s")
        with s:
            with open(s.file, encoding="utf-8") as f:
                text = f.read()
            with open(s.file, "w", encoding="utf-8") as f:
                f.write(text.replace("over: 300ms}]", f"over: 300ms}}, {timeline}]"))
            s.run_unstalled().expect(0)
            m = s.messages()
            suite.equal((m["lost"], m["duplicated"]), (0, 0), f"lost and duplicated ({m})")
            suite.check(s.summary()["messages"]["resent"] > 10, "messages that were in flight were sent again")
            suite.check(m["audited"] > 0.7 * m["sent"], f"audited: {m}")


suite.main()
