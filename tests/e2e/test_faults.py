"""Faults of the timeline against a real broker: what devices notice, and that they come back."""
# time limit: 200 s

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

SCENARIO = """\
version: 1
name: {how} outage
seed: 5
target: {target}
duration: 30s
settle: 5s
trust: {{lag: 10s, stall: 10s}}
profiles:
  device:
    mqtt: {{keepalive: 2s, clean_start: false, session_expiry: 10min}}
    timeouts: {{ping: 2s, connect: 2s}}
    reconnect: {{policy: fixed, first: 500ms, jitter: none}}
fleets:
  devices:
    count: 200
    profile: device
    regions: {{shadow: 50%, sun: 50%}}
    telemetry: {{every: exp(3s), topic: "t/${{device.id}}", payload: "${{msg.seq}}", qos: 1}}
timeline:
  - {{do: connect, who: all, over: 2s}}
  - {{id: outage, at: 5s, do: link_down, how: {how}, who: {{region: shadow}}, for: 12s}}
checks:
  - {{expect: "min(online{{region=shadow}}, from=outage.start, to=outage.end) == 0"}}
  - {{expect: "time_to(online{{region=shadow}} == 100%, from=outage.end) < 10s"}}
  - {{expect: "min(online{{region=sun}}, from=outage.start) == 100%"}}
  - {{expect: lost(mqtt.publish) == 0, kind: conformance}}
  - {{expect: ratio(mqtt.session.lost) == 0%}}
  - {{expect: count(mqtt.connect.timeout) + count(mqtt.connect.broken) == 0}}
"""


def start(directory, broker, how):
    scenario = directory.file(f"{how}.yaml", SCENARIO.format(target=broker.uri, how=how))
    out = os.path.join(directory.path, how)
    return subprocess.Popen([suite.MUSTER, "run", scenario, "--out", out, "--quiet"], cwd=suite.ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True), out


def judge(process, out):
    output, _ = process.communicate(timeout=90)
    suite.check(process.returncode == 0, f"exit status {process.returncode}\n{output}")
    summary = suite.summary(out)
    publish = summary["operations"]["mqtt.publish.ack"]
    suite.equal((publish["failed"], publish["open"]), (0, 0), "failed and open publishes")
    suite.equal(summary["devices"]["online_end"], 200, "devices online at the end")
    suite.check(summary["operations"]["mqtt.connect.ack"]["withdrawn"] > 100, "no attempt was withdrawn")


@suite.case("link_down silent, reset, refuse: the region is gone, and back when the link is; its failures are its own")
def _():
    suite.need(brokers.Mosquitto)
    directory = processes.Directory("faults")
    try:
        with brokers.Mosquitto() as broker:
            for run in [start(directory, broker, how) for how in ("silent", "reset", "refuse")]:
                judge(*run)
    finally:
        directory.close()


suite.main()
