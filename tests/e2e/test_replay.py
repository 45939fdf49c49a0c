"""Recorded devices live their lives again, alone: what they send is what they sent."""
# time limit: 240 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

STORM = """\
version: 1
name: storm
seed: 11
duration: {duration}
settle: 20s
target: builtin
builtin: {{admit: {admit}/s}}
trust: {{lag: 10s, stall: 10s}}
networks: {{cell: {{rtt: "lognormal(p50=90ms, p99=700ms)", loss: 1%}}}}
profiles:
  a: {{protocol: mqtt5, mqtt: {{keepalive: 1min, clean_start: false, session_expiry: 1h}}, reconnect: {{policy: exponential, first: 1s, max: 20s, jitter: full}}}}
  b: {{protocol: mqtt311, reconnect: {{first: 1s, max: 1s}}}}
fleets:
  one: {{count: {one}, mix: {{a: 70%, b: 30%}}, network: cell, telemetry: {{every: exp({every}), topic: "t/${{device.id}}", payload: "random(40B)", qos: 1}}}}
  two: {{count: {two}, profile: a, subscribe: ["t/one-${{device.index}}"], telemetry: {{every: {every}, topic: "u/${{device.id}}", payload: "${{msg.seq}}", qos: 2}}}}
timeline:
  - {{id: join, at: 0s, do: connect, who: all, over: {join}}}
  - {{id: cut, at: {cut}, do: reset, who: {{percent: 50}}}}
"""

directory = processes.Directory("replay")


def path(name):
    return os.path.join(directory.path, name)


def run(name, scenario, *more):
    suite.muster("run", scenario, "--quiet", "--out", path(name), *more, timeout=120).expect(0)
    return path(name)


LARGE = directory.file("large.yaml", STORM.format(duration="10min", admit=400, one=8000, two=2000, every="60s", join="30s", cut="4min"))


@suite.case("devices of a fleet of 10,000 send the same bytes at the same instants alone")
def _():
    whole = run("whole", LARGE, "--virtual", "--record", "one-17", "--record", "one-4711", "--record", "two-5")
    alone = path("alone")
    done = suite.muster("replay", whole, "--quiet", "--out", alone, timeout=60).expect(0)
    for device in ("one-17", "one-4711", "two-5"):
        suite.check(f"{device} sent the same bytes at the same instants" in done.stderr, done.stderr)
    suite.equal(suite.summary(alone)["devices"]["online_end"], 3, "devices online")
    suite.check("REPLAY" in done.stdout, done.stdout)


@suite.case("a device of a run in real time follows its recording in simulated time")
def _():
    scenario = directory.file("small.yaml", STORM.format(duration="8s", admit=1000, one=20, two=10, every="2s", join="1s", cut="4s"))
    live = run("live", scenario, "--record", "all")
    done = suite.muster("replay", live, "--quiet", "--out", path("live-alone"), timeout=60)
    same = done.stderr.count("sent the same bytes")
    suite.check(same >= 15, f"{same} of 20 told devices followed their recording\n{done.stderr}")


@suite.case("with a target, the devices run live and alone against another backend")
def _():
    scenario = directory.file("again.yaml", STORM.format(duration="6s", admit=1000, one=20, two=10, every="1s", join="1s", cut="3s"))
    recorded = run("recorded", scenario, "--virtual", "--record", "all")
    with brokers.Builtin() as broker:
        suite.muster("replay", recorded, "--device", "one-3", "--device", "two-3", "--target", broker.uri, "--quiet",
                     "--out", path("elsewhere"), timeout=60).expect(0)
    summary = suite.summary(path("elsewhere"))
    suite.equal(summary["mode"], "real", "mode")
    suite.equal(summary["devices"]["online_end"], 2, "devices online")


@suite.case("devices that were not recorded, and broken recordings, are told before anything runs")
def _():
    scenario = directory.file("few.yaml", STORM.format(duration="6s", admit=1000, one=3, two=2, every="1s", join="1s", cut="3s"))
    recorded = run("one-only", scenario, "--virtual", "--record", "one-1")
    recording = os.path.join(recorded, "recording.bin")
    done = suite.muster("replay", recorded, "--device", "one-2", "--out", path("never")).expect(2)
    suite.check("recording.bin has nothing of one-2" in done.stderr, done.stderr)
    with open(recording, "rb") as f:
        whole = f.read()
    for wrong, words in ((whole[:-3], "cannot be read"), (b"", "missing or empty"), (b"x" * 50, "does not begin with MUSTREC1")):
        with open(recording, "wb") as f:
            f.write(wrong)
        done = suite.muster("replay", recorded, "--device", "one-1", "--out", path("never")).expect(2)
        suite.check(words in done.stderr, done.stderr)
    suite.check(not os.path.exists(path("never")), "a directory was made")


@suite.case("`only` keeps the number and the luck of the devices that stay")
def _():
    common = ["--virtual", "--record", "one-17", "--run-id", "00aa", "--set", "builtin.admit=100000/s"]
    whole = run("all", LARGE, *common)
    few = run("few", LARGE, *common, "--set", "fleets.one.only=17", "--set", "fleets.two.only=17")
    suite.equal(suite.summary(few)["devices"]["online_end"], 2, "devices online")
    with open(os.path.join(whole, "recording.bin"), "rb") as a, open(os.path.join(few, "recording.bin"), "rb") as b:
        first, second = a.read(), b.read()
    suite.check(len(first) > 500, "hardly anything was recorded")
    goodbye = 100  # which comes when all of the others have settled
    suite.check(first[:-goodbye] == second[:len(first) - goodbye], "the device did something else alone")


try:
    suite.main()
finally:
    directory.close()
