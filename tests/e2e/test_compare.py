"""muster compare over runs that really happened: a slower backend is found, an equal one is not."""

import concurrent.futures
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

SCENARIO = """\
version: 1
name: compare
duration: 14s
trust: {lag: 1s, stall: 2s} # both runs and both brokers share a busy machine
target: mqtt://127.0.0.1:1883
fleets:
  f: {count: 200, telemetry: {every: 1s, topic: "d/${device.index}", payload: "random(64B)", qos: 1}}
timeline:
  - {do: connect, who: all, over: 1s}
"""


def run(directory, name, seed, p99_ms, *options):
    with brokers.Builtin("--set", f"service=lognormal(p50=200ms, p99={p99_ms}ms)", "--set", f"seed={seed}") as broker:
        out = directory.file(name)
        suite.muster("run", directory.file("s.yaml", SCENARIO), "--target", broker.uri, "--seed", seed, "--out", out, "--quiet",
                     *options).expect(0)
    return out


@suite.case("twice the latency is worse, exit 10; a run is no worse than itself; other scenarios are refused")
def _():
    directory = processes.Directory("compare")
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            jobs = [pool.submit(run, directory, *a) for a in (
                ("a", 1, 600), ("b", 2, 1200), ("c", 3, 600, "--set", "fleets.f.count=100"))]
            a, b, c = [job.result() for job in jobs]
        worse = suite.muster("compare", a, b).expect(10)
        suite.check(worse.stdout.startswith(" WORSE "), worse.stdout)
        suite.check("p99(mqtt.publish.ack)" in worse.stdout, worse.stdout)
        suite.equal(json.loads(suite.muster("compare", b, "--", a, "--json").expect(0).stdout)["verdict"], "better", "backwards")
        itself = suite.muster("compare", a, a, "--margin", "30%").expect(0)
        suite.check(itself.stdout.startswith(" SAME "), itself.stdout)
        refused = suite.muster("compare", a, c).expect(2)
        suite.check("different scenarios" in refused.stderr and "--force" in refused.stderr, refused.stderr)
        forced = json.loads(suite.muster("compare", a, c, "--force", "--json", "--metric", "failed(mqtt.publish)").stdout)
        suite.check("different scenarios" in forced["forced"], forced)
        few = suite.muster("compare", a, a, "--", b, b).expect(13)
        suite.check("4 + 4" in few.stdout, few.stdout)
    finally:
        directory.close()


suite.main()
