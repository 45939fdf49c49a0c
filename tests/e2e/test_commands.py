"""Commands reach devices and their replies are timed; the one device that stays silent is found by name. And what the
backend itself uses is recorded, from a process, a page of metrics and Mosquitto's own topics."""

# time limit: 180 s

import csv
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

OK, ENVIRONMENT, GUARD, UNREACHABLE, SCENARIO = 0, 4, 5, 6, 3
VALVE = 'commands: {topic: "cmd/${device.id}", delay: 5ms, payload: done}'


class Scenario:
    """A scenario in a directory of its own, and its run. `more`: further sections."""

    def __init__(self, target, timeline, profile=VALVE, count=20, duration="2s", checks=(), more="", protocol="mqtt5"):
        self.directory = processes.Directory("commands")
        lines = ["version: 1", "name: commands", "seed: 20261122", f"duration: {duration}", "settle: 4s", f"target: {target}",
                 # other tests may share the processors: what is judged here is not the generator
                 "trust: {lag: 10s, stall: 10s}",
                 "profiles:", f"  valve: {{protocol: {protocol}, {profile}}}",
                 "fleets:", f"  valves: {{count: {count}, profile: valve}}",
                 "timeline:", *[f"  - {entry}" for entry in timeline]]
        lines += ["checks:"] + [f"  - {{expect: '{c}', kind: conformance}}" for c in checks] if checks else []
        self.file = self.directory.file("commands.yaml", "\n".join(lines) + "\n" + more)
        self.out = os.path.join(self.directory.path, "out")

    def run(self, *options, **keywords):
        run = suite.muster("run", self.file, "--out", self.out, *options, **keywords)
        self.text = run.stdout + run.stderr
        return run

    def summary(self):
        return suite.summary(self.out)

    def commands(self, *keys):
        row = self.summary()["operations"]["mqtt.command.reply"]
        return tuple(row[key] for key in keys)

    def series(self):
        with open(os.path.join(self.out, "series.csv"), encoding="utf-8", newline="") as f:
            return list(csv.DictReader(f))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


def thousand(target, protocol):
    """1,000 devices, a command for each, and one device that was told to stay silent."""
    checks = ("count(mqtt.command.timeout) == 1", "ratio(mqtt.command.ok) == 99.9%", "p99(mqtt.command.reply) < 5s",
              "count(mqtt.command) == 1000")
    timeline = ("{do: connect, who: all, over: 2s}", "{do: set, who: {index: 7}, set: {commands: {reply: ignore}}}",
                "{id: shut, at: 2500ms, do: command, who: all, over: 2s, payload: 'shut ${msg.seq}', within: 3s}")
    with Scenario(target, timeline, count=1000, duration="5s", checks=checks, protocol=protocol) as s:
        s.run().expect(OK)
        suite.equal(s.commands("intended", "ok", "timeout"), (1000, 999, 1), "commands")
        row = s.summary()["operations"]["mqtt.command.reply"]
        suite.equal(row["response_ms"]["samples"], 999, "replies that were timed")
        suite.check(5 <= row["response_ms"]["p50"] < 2000, f"half of them replied after {row['response_ms']['p50']} ms")
        causes = [(c["operation"], c["outcome"], c["count"], c["example_device"]) for c in s.summary()["causes"]]
        suite.equal(causes, [("mqtt.command", "timeout", 1, 7)], "causes")
        suite.check("as valves-7" in s.text and "command→reply" in s.text, "the text names the device:\n" + s.text)
        suite.equal(s.summary()["messages"]["sent"], 999, "replies are publishes")
        with open(os.path.join(s.out, "report.html"), encoding="utf-8") as f:
            suite.check("valves-7" in f.read(), "the page names the device")
        with open(os.path.join(s.out, "intervals.hlog"), encoding="utf-8") as f:
            suite.check("Tag=mqtt.command.reply/response/valves/" in f.read(), "replies are in intervals.hlog")
        before = s.summary()
        suite.muster("report", s.out).expect(OK)
        after = s.summary()
        suite.equal(after["operations"], before["operations"], "operations of summary.json made again")
        suite.equal(after["backend"], before["backend"], "the backend's part made again")


@suite.case("a thousand devices of the built-in broker reply to a command, and the silent one is named")
def _():
    thousand("builtin", "mqtt5")


@suite.case("a thousand devices of Mosquitto reply to a command, on 5.0 and on 3.1.1, and the silent one is named")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker:
        thousand(broker.uri, "mqtt5")
        thousand(broker.uri, "mqtt311")


@suite.case("several commands to one device are told apart without correlation data")
def _():
    timeline = ("{do: connect, who: all, over: 200ms}", "{at: 1s, do: command, who: all, within: 1s}",
                "{at: 1010ms, do: command, who: all, within: 1s}", "{at: 1020ms, do: command, who: all, within: 1s}")
    profile = 'commands: {topic: "cmd/${device.id}", delay: 200ms, reply_topic: "done/${device.index}"}'
    with Scenario("builtin", timeline, profile=profile, protocol="mqtt311",
                  checks=("ratio(mqtt.command.ok) == 100%", "min(mqtt.command.reply) >= 200ms", "max(mqtt.command.reply) < 2s")) as s:
        s.run().expect(OK)
        suite.equal(s.commands("intended", "ok"), (60, 60), "commands")


@suite.case("a command to a device that the timeline or its link keeps away is withdrawn, one that the backend lost times out")
def _():
    timeline = ("{do: connect, who: {index: 0-14}, over: 200ms}",
                "{at: 500ms, do: disconnect, who: {index: 0-4}}",
                "{at: 500ms, do: link_down, who: {index: 5-9}, how: silent, for: 3s}",
                "{at: 1s, do: command, who: all, within: 500ms}")
    with Scenario("builtin", timeline) as s:
        s.run().expect(OK)
        suite.equal(s.commands("intended", "ok", "timeout", "withdrawn"), (20, 5, 0, 15), "commands")
    with Scenario("builtin", timeline[:1] + timeline[3:], profile=VALVE.replace("payload", "reply: ignore, payload")) as s:
        s.run().expect(OK)
        suite.equal(s.commands("ok", "timeout", "withdrawn"), (0, 15, 5), "commands to devices that say nothing")


@suite.case("a device restarts, disconnects or stops by a command, and other entries hang on it")
def _():
    command = "{at: 1s, do: command, who: all, within: 2s}"
    connect = "{do: connect, who: all, over: 200ms}"
    for then, online, reconnects in (("restart", 20, 20), ("disconnect", 0, 0), ("stop", 0, 0)):
        with Scenario("builtin", (connect, command), profile=VALVE.replace("payload", f"then: {then}, payload")) as s:
            s.run().expect(OK)
            suite.equal(s.commands("ok"), (20,), f"{then}: replies")
            devices = s.summary()["devices"]
            suite.equal((devices["online_end"], devices["reconnects"]), (online, reconnects), f"{then}: online at the end, reconnects")
    with Scenario("builtin", (connect, command, "{when: commands >= 1, who: {index: 0-3}, do: disconnect}")) as s:
        s.run().expect(OK)
        suite.equal((s.commands("ok", "withdrawn"), s.summary()["devices"]["online_end"]), ((16, 4), 16),
                    "those that left at once, before they replied")


@suite.case("a reply that comes too late is a timeout and a late answer; commands that were not waited for to the end stay open")
def _():
    timeline = ("{do: connect, who: all, over: 200ms}", "{at: 500ms, do: command, who: all, within: 100ms}")
    slow = VALVE.replace("5ms", "600ms")
    with Scenario("builtin", timeline, profile=slow) as s:
        s.run().expect(OK)
        suite.equal((s.commands("ok", "timeout"), s.summary()["mqtt"]["late_answers"]), ((0, 20), 20), "late replies")
    with Scenario("builtin", (timeline[0], "{at: 1900ms, do: command, who: all, within: 1h}"),
                  profile=VALVE.replace("payload", "reply: ignore, payload")) as s:
        s.run().expect(OK)
        suite.equal(s.commands("open", "timeout"), (20, 0), "commands without an end")


@suite.case("a command that the backend refuses is refused, with its reason")
def _():
    suite.need(brokers.Mosquitto)
    d = processes.Directory("acl")
    try:
        acl = d.file("acl", "topic readwrite muster/#\ntopic read cmd/#\n")
        with brokers.Mosquitto(settings=(f"acl_file {acl}",)) as broker:
            timeline = ("{do: connect, who: all, over: 200ms}", "{at: 1s, do: command, who: all, within: 500ms}")
            with Scenario(broker.uri, timeline, count=1) as s:  # Mosquitto ends the connection after it refused
                s.run().expect(OK)
                suite.equal(s.commands("refused", "timeout"), (1, 0), "commands")
                suite.equal({c["reason_code"] for c in s.summary()["causes"]}, {0x87}, "reason codes")
    finally:
        d.close()


@suite.case("commands that cannot be meant are refused by check")
def _():
    connect, command = "{do: connect, who: all}", "{at: 1s, do: command, who: all}"
    wrong = (("E425", dict(timeline=(connect, command), profile="mqtt: {keepalive: 60s}")),
             ("E426", dict(timeline=(connect, command), profile='commands: {topic: "cmd/all"}')),
             ("E426", dict(timeline=(connect, command), protocol="mqtt311",
                           profile='commands: {topic: "cmd/${device.id}", reply_topic: "done"}')),
             ("E427", dict(timeline=(connect, "{at: 1s, do: command, who: {state: online}}"))),
             ("E428", dict(timeline=(connect,), more="observe: {audit: none, backend: {sys_topics: false}}\n")),
             ("E428", dict(timeline=(connect,), more="observe: {audit: none, backend: {prometheus: 'ftp://x/'}}\n")),
             ("E428", dict(timeline=(connect,), more="observe: {audit: none, backend: {pid: 1, metrics: [x]}}\n")))
    for code, parts in wrong:
        with Scenario("builtin", **parts) as s:
            run = suite.muster("check", s.file).expect(SCENARIO)
            suite.check(code in run.stdout + run.stderr, f"{code}:\n{run.stdout}{run.stderr}")


# --- what the backend uses --------------------------------------------------------------------------------------------

PUBLISH = ('fleets: {m: {count: 50, telemetry: {every: 50ms, topic: "m/${device.id}", payload: "random(32B)", qos: 1}}}\n'
           "timeline: [{do: connect, who: all, over: 200ms}]\n")


class Watched(Scenario):
    """A fleet that publishes, and a backend that is watched."""

    def __init__(self, target, backend, duration="3s", more=""):  # pylint: disable=super-init-not-called
        self.directory = processes.Directory("backend")
        observe = f"observe: {{audit: none, backend: {backend}}}\n" if backend else ""
        self.file = self.directory.file("backend.yaml", f"version: 1\nseed: 1\nduration: {duration}\ntarget: {target}\n"
                                        f"trust: {{lag: 10s, stall: 10s}}\n{observe}{PUBLISH}{more}")
        self.out = os.path.join(self.directory.path, "out")


@suite.case("a built-in backend is watched without being asked")
def _():
    with Watched("builtin", None) as s:
        s.run().expect(OK)
        b = s.summary()["backend"]
        suite.check(b["cpu_s"] > 0 and b["cpu_us_per_message"] > 0 and b["rss_peak_bytes"] > 1 << 20, f"{b}")
        rows = s.series()
        busy = any(float(row["backend_cpu"]) > 0 for row in rows)  # one second may be below the kernel's tick
        suite.check(busy and int(rows[1]["backend_rss_bytes"]) > 1 << 20, f"{rows}")


@suite.case("a backend is watched by the number of its process, and its counters by its own topics")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto(settings=("sys_interval 1",)) as broker:
        with Watched(broker.uri, f"{{pid: {broker.process.pid}, sys_topics: true}}", duration="5s") as s:
            s.run().expect(OK)
            b = s.summary()["backend"]
            sent = s.summary()["messages"]["sent"]
            suite.check(b["cpu_s"] > 0 and abs(b["cpu_us_per_message"] - b["cpu_s"] * 1e6 / sent) < 1, f"{b}")
            suite.check(b["threads_peak"] >= 1 and b["descriptors_peak"] >= 50 and not b["ended_early"], f"{b}")
            suite.check(b["counters"]["clients/connected"]["last"] >= 50, f"{b['counters']}")
            suite.check(b["counters"]["publish/messages/received"]["last"] > b["counters"]["publish/messages/received"]["first"],
                        f"{b['counters']}")
            suite.check("backend " in s.text, "the text tells of it:\n" + s.text)
        with Watched(broker.uri, "{pid: 4194000}") as s:
            run = s.run().expect(ENVIRONMENT)
            suite.check("no process 4194000" in run.stderr, run.stderr)


class Page(http.server.BaseHTTPRequestHandler):
    """A page of metrics whose counters grow with every reading; /redirect leads elsewhere, /large is too
    large, /other knows other metrics."""

    readings = 0

    def do_GET(self):
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/metrics")
            self.end_headers()
            return
        Page.readings += 1
        body = ("# HELP process_cpu_seconds_total x\n# TYPE process_cpu_seconds_total counter\n"
                f"process_cpu_seconds_total {Page.readings * 0.25}\nprocess_resident_memory_bytes {5e7 + Page.readings * 1e6}\n"
                'broker_messages_total{dir="in",text="} 7 \\" {"} 3\nbroker_messages_total{dir="out"} 4 1700000000000\n'
                "broken_total{ 5\nnan_total NaN\n")
        if self.path == "/large":
            body *= 100_000
        if self.path == "/other":
            body = "other 1\n"
        self.send_response(200)
        self.end_headers()
        try:
            self.wfile.write(body.encode())
        except OSError:
            pass  # the reader has had enough

    def log_message(self, *_):
        pass


class Pages:
    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@suite.case("a backend is watched by its page of metrics, label sets added up")
def _():
    with Pages() as pages, brokers.Builtin() as broker:
        metrics = "metrics: [broker_messages_total, broken_total, nan_total]"
        with Watched(broker.uri, f'{{prometheus: "{pages.url}/metrics", {metrics}}}') as s:
            s.run().expect(OK)
            b = s.summary()["backend"]
            suite.check(0.5 <= b["cpu_s"] <= 2 and b["rss_peak_bytes"] > 5e7, f"{b}")
            suite.equal(b["counters"], {"broker_messages_total": {"first": 7, "last": 7}}, "counters")
        for path, words in (("/redirect", "status 302"), ("/large", "cannot be read"), ("/other", "none of the metrics")):
            with Watched(broker.uri, f'{{prometheus: "{pages.url}{path}"}}') as s:
                run = s.run().expect(UNREACHABLE)
                suite.check(words in run.stderr, f"{path}:\n{run.stderr}")


@suite.case("a page of metrics outside the allowed addresses is not asked for")
def _():
    with brokers.Builtin() as broker:
        with Watched(broker.uri, '{prometheus: "http://192.0.2.1/metrics"}', more="safety: {allow: [127.0.0.1]}\n") as s:
            run = s.run().expect(GUARD)
            suite.check("not allowed" in run.stderr, run.stderr)


suite.main()
