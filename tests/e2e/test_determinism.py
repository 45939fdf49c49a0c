"""One seed: the same plan and the same decisions, live, whatever the number of workers and shards."""
# time limit: 240 s

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

SCENARIO = """\
version: 1
name: decisions
duration: 6s
settle: 1s
target: builtin
trust: {lag: 10s, stall: 10s}
profiles:
  a: {protocol: mqtt5}
  b: {extends: a, reconnect: {policy: exponential, first: 200ms, max: 1s, jitter: full}}
fleets:
  one:
    count: 101
    mix: {a: 70%, b: 30%}
    regions: {north: 33%, south: 67%}
    signals: {temp: "walk(start=20, step=0.5, min=0, max=40)", flow: "normal(mean=3, sd=1)"}
    telemetry: {every: exp(700ms), topic: "t/${device.id}", payload: "${signal.temp:.2f} ${signal.flow}", qos: 1}
  two:
    count: 40
    protocol: mqtt311
    telemetry: {every: "normal(1s, 200ms)", topic: "u/${device.id}", payload: "random(32B)", qos: 0}
  three:
    count: 30
    signals:
      level: "analog(mean=20, amplitude=3, sd=2, memory=3s, spread=1, lsb=0.1, spike=5%, gap=5%)"
      water: "meter(per_day=100000, size=2, spread=1000)"
      lat: "position(52.5, reach=500, speed=10, memory=1s)"
    telemetry:
      - every: 300ms
        topic: "v/${device.id}"
        payload: "[${signal.level}, ${signal.water}, ${signal.lat:.6f}]"
        qos: 1
        trigger: {signal: level, change: 1, above: 23, at_least: 2s}
      - {every: exp(500ms), topic: w, shape: {day: 60%, half_day: 40%}}
      - {every: 800ms, topic: x, jitter: 300ms, alignment: boot}
      - {every: 400ms, topic: y, motion: {moving: 16h, trips: 1, still: 1s}}
timeline:
  - {id: join, at: 0s, do: connect, who: all, over: 2s}
  - {id: cut, at: 3s, do: link_down, how: reset, who: {region: north, percent: 40}, for: "uniform(200ms, 1s)"}
  - {id: extra, at: 4s, do: burst, who: {fleet: one, count: 10}, messages: 3}
checks:
  - {expect: count(mqtt.publish) > 0}
"""

directory = processes.Directory("determinism")
scenario = directory.file("scenario.yaml", SCENARIO)


def run(name, *more, seed=7):
    out = os.path.join(directory.path, name)
    return out, [suite.MUSTER, "run", scenario, "--out", out, "--quiet", "--seed", str(seed), *more]


def hashes(out):
    s = suite.summary(out)["scenario"]
    return s["plan_hash"], int(s["decisions_hash"], 16)


def finished(*runs):
    """Runs at the same time; returns their directories."""
    started = [subprocess.Popen(arguments, cwd=suite.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
               for _, arguments in runs]
    for process, (out, arguments) in zip(started, runs):
        _, error = process.communicate(timeout=60)
        suite.check(process.returncode == 0, f"{' '.join(arguments)}: {process.returncode}\n{error}")
    return [out for out, _ in runs]


def planned(device):
    """Decision hash of one device as the plan prints it."""
    result = suite.muster("plan", scenario, "--seed", "7", "--device", device, "--json").expect(0)
    return json.loads(result.stdout.strip().splitlines()[-1])


@suite.case("one worker or four: the same plan_hash and decisions_hash, which another seed changes")
def _():
    one, four, other = finished(run("one", "--workers", "1"), run("four", "--workers", "4"), run("other", seed=8))
    suite.equal(hashes(four), hashes(one), "hashes")
    suite.check(hashes(other)[0] != hashes(one)[0] and hashes(other)[1] != hashes(one)[1], "another seed gave the same")


@suite.case("two shards' hashes add up to the whole")
def _():
    whole, first, second = finished(run("whole"), run("first", "--shard", "1/2"), run("second", "--shard", "2/2"))
    suite.equal(hashes(first)[0], hashes(whole)[0], "plan_hash")
    suite.equal(hashes(second)[0], hashes(whole)[0], "plan_hash")
    suite.equal((hashes(first)[1] + hashes(second)[1]) % 2**64, hashes(whole)[1], "sum of decisions_hash")


@suite.case("the run's decisions are those that plan --device prints")
def _():
    (out,) = finished(run("planned"))
    total = sum(int(planned(device)["decisions_hash"], 16) for device in range(171))
    suite.equal(total % 2**64, hashes(out)[1], "sum over all devices")


@suite.case("plan is the same every time")
def _():
    plans = [json.loads(suite.muster("plan", scenario, "--seed", "7", "--json").expect(0).stdout)["plan_hash"] for _ in range(3)]
    suite.equal(len(set(plans)), 1, "number of plan hashes")


try:
    suite.main()
finally:
    directory.close()
