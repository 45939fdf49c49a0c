"""Simulated time: the same scenario without a network, as fast as the machine computes, and the same for a seed."""
# time limit: 240 s

import filecmp
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

MIXED = """\
version: 1
name: mixed
duration: 20min
settle: 30s
target: mqtt://broker.invalid:1883
networks: {cell: {rtt: "lognormal(p50=90ms, p99=700ms)", loss: 1%, up: 375kbps, down: 300kbps}}
profiles:
  a: {protocol: mqtt5, mqtt: {keepalive: 1min, clean_start: false, session_expiry: 1h}}
  b: {protocol: mqtt311, reconnect: {policy: exponential, first: 1s, max: 1min, jitter: full}}
fleets:
  one:
    count: 60
    mix: {a: 70%, b: 30%}
    network: cell
    regions: {north: 50%, south: 50%}
    telemetry: {every: exp(20s), topic: "t/${device.id}", payload: "random(40B)", qos: 1}
  two:
    count: 20
    protocol: mqtt5
    telemetry: {every: 30s, topic: "u/${device.id}", payload: "random(40B)", qos: 2}
    subscribe: ["t/one-${device.index}"]
timeline:
  - {id: join, at: 0s, do: connect, who: all, over: 30s}
  - {id: dark, at: 5min, do: link_down, how: silent, who: {region: north}, for: 2min}
  - {id: cut, at: 10min, do: reset, who: {percent: 50}}
checks:
  - {expect: ratio(mqtt.connect.ok) == 100%}
  - {expect: lost(mqtt.publish) == 0}
  - {expect: p50(mqtt.publish.ack) > 50ms}
  - {expect: "time_to(online >= 99%, from=cut.end) < 1min"}
  - {expect: "p99(mqtt.publish.ack, over=1min) < 10min"}
"""

directory = processes.Directory("virtual")
mixed = directory.file("mixed.yaml", MIXED)
LOGS = ("events.ndjson", "series.csv", "intervals.hlog")


def run(name, *more, scenario=mixed, seed=7, status=0, timeout=100):
    out = os.path.join(directory.path, name)
    done = suite.muster("run", scenario, "--virtual", "--out", out, "--quiet", "--seed", seed, *more, timeout=timeout)
    done.expect(status)
    return out, done


def simulation(out):
    return suite.summary(out)["simulation"]


@suite.case("the quickstart passes in simulated time and says so")
def _():
    out, done = run("quickstart", scenario=os.path.join(suite.ROOT, "scenarios", "quickstart.yaml"))
    summary = suite.summary(out)
    suite.equal(summary["mode"], "virtual", "mode")
    suite.check(any("VIRTUAL" in caveat for caveat in summary["caveats"]), "the caveats do not say VIRTUAL")
    suite.check("VIRTUAL" in done.stdout, "the text does not say VIRTUAL")
    with open(os.path.join(out, "report.html"), encoding="utf-8") as f:
        suite.check("VIRTUAL" in f.read(), "the report does not say VIRTUAL")
    suite.equal(summary["operations"]["mqtt.connect.ack"]["failed"], 0, "failed connects")


@suite.case("twenty minutes with outages, losses and QoS 2 keep every check, without a name that resolves")
def _():
    out, done = run("mixed")
    summary = suite.summary(out)
    suite.equal(summary["verdict"], "pass", "verdict")
    suite.check(summary["duration_s"] >= 1200, "the run was shorter than its duration")
    suite.check(done.seconds < 60, f"it took {done.seconds:.0f} s")
    suite.check(simulation(out)["steps"] > 10000, "hardly any steps")


@suite.case("one seed gives one run, byte for byte, and another seed another one")
def _():
    first, _ = run("first")
    second, _ = run("second")
    other, _ = run("other", seed=8)
    suite.equal(simulation(second), simulation(first), "simulation")
    for log in LOGS:
        suite.check(filecmp.cmp(os.path.join(first, log), os.path.join(second, log), shallow=False), f"{log} differs")
    suite.check(simulation(other)["trace_hash"] != simulation(first)["trace_hash"], "another seed, the same trace")


@suite.case("decisions are those of the plan, as in real time")
def _():
    scenario = directory.file("short.yaml", MIXED.replace("duration: 20min", "duration: 8s").replace("settle: 30s", "settle: 2s")
                              .split("timeline:")[0].replace("broker.invalid", "127.0.0.1"))
    out, _ = run("simulated", scenario=scenario)
    real = os.path.join(directory.path, "real")
    suite.muster("run", scenario, "--target", "builtin", "--out", real, "--quiet", "--seed", "7", timeout=60)
    ours, theirs = (suite.summary(d)["scenario"] for d in (out, real))
    suite.equal(ours["plan_hash"], theirs["plan_hash"], "plan hash")
    suite.equal(ours["decisions_hash"], theirs["decisions_hash"], "decisions hash")


@suite.case("the documents can be made again from the logs")
def _():
    out, _ = run("again")
    before = suite.summary(out)
    suite.muster("report", out, timeout=60).expect(0)
    after = suite.summary(out)
    for key in ("mode", "simulation", "verdict", "checks", "operations", "messages"):
        suite.equal(after[key], before[key], key)


@suite.case("a month of a small fleet has rows of ten minutes and takes seconds")
def _():
    scenario = directory.file("month.yaml", """\
version: 1
name: month
duration: 30d
target: builtin
profiles: {p: {protocol: mqtt5, mqtt: {keepalive: 20min}}}
fleets: {f: {count: 20, profile: p, telemetry: {every: 15min, topic: "t/${device.id}", payload: "random(40B)", qos: 1}}}
checks:
  - {expect: "count(mqtt.publish) > 50000"}
  - {expect: "min(online, from=ramp.end) == 100%"}
""".replace("30d", "720h"))
    out, done = run("month", scenario=scenario)
    suite.equal(simulation(out)["interval_s"], 600, "interval")
    with open(os.path.join(out, "manifest.json"), encoding="utf-8") as f:
        suite.equal(json.load(f)["interval_s"], 600, "interval of the manifest")
    suite.check(done.seconds < 60, f"it took {done.seconds:.0f} s")


def forecast(scenario, *more):
    done = suite.muster("plan", scenario, "--forecast", "--json", *more, timeout=60).expect(0)
    return json.loads(done.stdout)["forecast"]


@suite.case("a forecast is what the run in simulated time comes to, and the same for a seed")
def _():
    out, _ = run("foreseen")
    came, said = suite.summary(out), forecast(mixed, "--seed", 7)
    suite.equal(said["devices_simulated"], 80, "devices")
    suite.equal(said["messages"]["sent"], came["messages"]["sent"], "messages")
    suite.equal(said["connect_attempts"], came["devices"]["connect_attempts"], "attempts")
    suite.equal(said["bytes_up"], came["network"]["bytes_up"], "bytes up")
    suite.equal(said, forecast(mixed, "--seed", 7), "forecast")
    suite.check(said != forecast(mixed, "--seed", 8), "another seed says the same")


@suite.case("a forecast of a large fleet is made from a sample and near to what all of it does")
def _():
    large = directory.file("large.yaml", MIXED.replace("count: 60", "count: 3000"))
    out, _ = run("large", "--set", "duration=12min", scenario=large)
    came, said = suite.summary(out), forecast(large, "--seed", 7, "--set", "duration=12min")
    suite.check(said["devices_simulated"] < 1100, said["devices_simulated"])
    for key, truth, guess in (("messages", came["messages"]["sent"], said["messages"]["sent"]),
                              ("attempts", came["devices"]["connect_attempts"], said["connect_attempts"]),
                              ("bytes", came["network"]["bytes_up"], said["bytes_up"])):
        suite.check(abs(guess - truth) < 0.05 * truth, f"{key}: {guess} instead of {truth}")


@suite.case("a window that is shorter than an interval is refused, with what to do")
def _():
    scenario = directory.file("window.yaml", MIXED.replace("duration: 20min", "duration: 160h"))
    done = suite.muster("check", scenario, "--virtual")
    done.expect(0)
    scenario = directory.file("narrow.yaml", MIXED.replace("duration: 20min", "duration: 2400h"))
    done = suite.muster("check", scenario, "--virtual").expect(3)
    suite.check("E429" in done.stderr and "10min" in done.stderr, done.stderr)


@suite.case("what only real time has is refused")
def _():
    for more in (["--shard", "1/2"], ["--workers", "2"], ["--start-at", "2030-01-01T00:00:00Z"], ["--wait", "5s"]):
        out = os.path.join(directory.path, "refused")
        done = suite.muster("run", mixed, "--virtual", "--out", out, *more).expect(2)
        suite.check(more[0] in done.stderr, done.stderr)


@suite.case("settings of the built-in broker hold in both kinds of time, and wrong ones are found by check")
def _():
    text = """\
version: 1
name: admitted
duration: 5s
settle: 1s
target: builtin
builtin: {admit: 5/s}
profiles: {p: {reconnect: {first: 200ms, max: 200ms, policy: fixed}}}
fleets: {f: {count: 40, profile: p}}
timeline: [{do: connect, who: all, over: 0s}]
checks: [{expect: count(mqtt.connect.refused) > 30}]
"""
    scenario = directory.file("admit.yaml", text)
    run("admit", scenario=scenario)
    loaded = ["--set", "trust.lag=10s", "--set", "trust.stall=10s"]  # its count does not depend on a punctual generator
    suite.muster("run", scenario, *loaded, "--out", os.path.join(directory.path, "admit-real"), "--quiet", timeout=60).expect(0)
    wrong = directory.file("wrong.yaml", text.replace("admit: 5/s", "admits: 5/s"))
    done = suite.muster("check", wrong).expect(3)
    suite.check("wrong.yaml:6:" in done.stderr and "admits" in done.stderr, done.stderr)


try:
    suite.main()
finally:
    directory.close()
