"""From a scenario in which something goes wrong to the smallest one in which it still does."""
# time limit: 240 s

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

PLANTED = os.path.join(suite.BUILD, "tests", "planted", "muster")  # forgets to send again what was not acknowledged

FLEET = """\
version: 1
name: fleet
seed: 3
duration: 30min
settle: 1min
target: mqtt://broker.invalid:1883
networks: {cell: {rtt: "lognormal(p50=200ms, p99=2s)", loss: 1%}}
profiles:
  a: {protocol: mqtt5, mqtt: {keepalive: 2min, clean_start: false, session_expiry: 1h}, reconnect: {first: 2s, max: 2s}}
  b: {protocol: mqtt311, reconnect: {first: 1s, factor: 2, max: 1min, jitter: full}}
fleets:
  one: {count: 400, mix: {a: 80%, b: 20%}, network: cell, telemetry: {every: exp(20s), topic: "t/${device.id}", payload: "random(40B)", qos: 1}}
  two: {count: 100, profile: a, telemetry: {every: 1min, topic: "u/${device.id}", payload: "random(40B)", qos: 0}}
timeline:
  - {id: join, at: 0s, do: connect, who: all, over: 1min}
  - {id: calm, at: 2min, do: hold, for: 2min}
  - {id: dark, at: 5min, do: link_down, how: silent, who: {percent: 20}, for: 1min}
  - {id: cut, at: 12min, do: reset, who: {fleet: one}}
  - {id: more, at: 15min, do: burst, who: {percent: 10}, messages: 5}
  - {id: again, at: 20min, do: reset, who: {percent: 10}}
checks:
  - {name: nothing is lost, expect: lost(mqtt.publish) == 0}
"""

directory = processes.Directory("shrink")
fleet = directory.file("fleet.yaml", FLEET)
small = os.path.join(directory.path, "small.yaml")
one = directory.file("one.yaml", "{version: 1, duration: 30s, target: builtin, fleets: {f: {count: 1, telemetry: {every: 1s, topic: t, payload: x}}}}")


def run(program, scenario, name):
    return suite.Run([program, "run", scenario, "--virtual", "--quiet", "--out", os.path.join(directory.path, name)], timeout=100)


def reduced(text):
    """(devices, entries) that the first lines of a shrunk scenario tell."""
    words = text.splitlines()[1].split()
    return int(words[1]), int(words[5])


@suite.case("a planted bug, found by a check, is shrunk to three devices and two entries at most")
def _():
    run(suite.MUSTER, fleet, "sound").expect(0)
    run(PLANTED, fleet, "planted").expect(10)
    suite.Run([PLANTED, "shrink", fleet, "--while", "lost(mqtt.publish) > 0", "--quiet", "--out", small], timeout=150).expect(0)
    with open(small, encoding="utf-8") as f:
        devices, entries = reduced(f.read())
    suite.check(devices <= 3 and entries <= 2, f"{devices} devices, {entries} entries")


@suite.case("what is left shows the bug by itself, and only in the program that has it")
def _():
    run(PLANTED, small, "small-planted").expect(0)
    run(suite.MUSTER, small, "small-sound").expect(10)


@suite.case("an expression that does not hold is told, and nothing is written")
def _():
    out = os.path.join(directory.path, "nothing.yaml")
    done = suite.muster("shrink", fleet, "--while", "lost(mqtt.publish) > 0", "--out", out, timeout=60).expect(10)
    suite.check("does not hold in the whole scenario" in done.stderr, done.stderr)
    suite.check(not os.path.exists(out), "something was written")


@suite.case("a file that is there already is left as it is, and a result that cannot be written is printed")
def _():
    again = suite.muster("shrink", fleet, "--while", "count(mqtt.publish) > 0", "--out", fleet).expect(2)
    suite.check("exists already" in again.stderr, again.stderr)
    with open(fleet, encoding="utf-8") as f:
        suite.check(f.read() == FLEET, "the scenario was overwritten")
    done = suite.muster("shrink", one, "--while", "count(mqtt.publish) > 0", "--out", "/proc/nothing").expect(4)
    suite.check("cannot write /proc/nothing: " in done.stderr and "fleets:" in done.stdout, done.stderr + done.stdout)


@suite.case("who ignores what becomes of processes gets a result as well")
def _():
    ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    command = [suite.MUSTER, "shrink", one, "--while", "count(mqtt.publish) > 0", "--quiet"]
    done = subprocess.run(command, preexec_fn=ignore, capture_output=True, text=True, timeout=30)
    suite.check(done.returncode == 0 and "fleets:" in done.stdout, done.stderr)


@suite.case("an interruption ends the trial under way, and says when nothing is known yet")
def _():
    year = directory.file("year.yaml", FLEET.replace("duration: 30min", "duration: 365day"))
    command = [suite.MUSTER, "shrink", year, "--while", "count(mqtt.publish) > 0"]
    search = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    time.sleep(1)
    os.killpg(search.pid, signal.SIGINT)
    _, stderr = search.communicate(timeout=10)
    suite.check(search.returncode == 130 and "interrupted" in stderr, f"{search.returncode}: {stderr}")


@suite.case("wrong expressions and missing ones are usage errors or findings")
def _():
    suite.check("--while" in suite.muster("shrink", fleet).expect(2).stderr, "no hint")
    done = suite.muster("shrink", fleet, "--while", "lost(mqtt.publsh) > 0").expect(3)
    suite.check("mqtt.publsh" in done.stderr, done.stderr)


try:
    suite.main()
finally:
    directory.close()
