"""Networks that have outages of their own and middleboxes that forget, against a real broker: what is theirs is not the backend's."""
# time limit: 150 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

# The simulated clock stands at midnight when the run begins.
OUTAGES = """\
version: 1
name: planned and random outages
seed: 5
target: {target}
duration: 24s
settle: 8s
trust: {{lag: 10s, stall: 10s}}
networks:
  cellular:
    rtt: lognormal(p50=30ms, p95=90ms)
    loss: {{good: 10s, bad: 100ms}}
    attach: uniform(500ms, 1s)
    cells: {{count: 10}}
  other: {{rtt: 5ms, attach: 500ms}}
outages:
  window: {{scope: region, every: day, at: 8s, down: 5s, how: reset, regions: shadow}}
  cell: {{scope: cell, mttf: 1min, down: 2s}}
profiles:
  device:
    mqtt: {{keepalive: 2s, clean_start: false, session_expiry: 10min}}
    timeouts: {{ping: 4s, connect: 8s}}
    reconnect: {{policy: fixed, first: 500ms, jitter: none}}
fleets:
  devices:
    count: 200
    profile: device
    network: cellular
    regions: {{shadow: 50%, sun: 50%}}
    telemetry: {{every: exp(3s), topic: "t/${{device.id}}", payload: "${{msg.seq}}", qos: 1}}
timeline:
  - {{do: connect, who: all, over: 2s}}
  - {{id: window, at: 8s, do: hold, for: 5s}}
  - {{id: away, at: 15s, do: roam, to: other, who: {{region: sun, percent: 20}}, for: 4s}}
checks:
  - {{expect: "count(net.outage.region) == 100"}}
  - {{expect: "count(net.outage.region{{region=sun}}) == 0"}}
  - {{expect: "min(online{{region=shadow}}, during=window) == 0"}}
  - {{expect: "count(net.outage.cell) >= 10"}}
  - {{expect: "count(net.address_change) == 40"}}
  - {{expect: "count(net.registration) >= 300"}}
  - {{expect: lost(mqtt.publish) == 0, kind: conformance}}
  - {{expect: count(mqtt.publish.failed) == 0}}
  - {{expect: ratio(mqtt.session.lost) == 0%}}
"""

# Pings come every 3 s, and the middlebox forgets after 2 s: nobody says so, and each connection is found dead by its next ping.
FORGETFUL = """\
version: 1
name: keep-alive longer than the middlebox remembers
seed: 5
target: {target}
duration: 12s
settle: 1s
trust: {{lag: 10s, stall: 10s}}
networks: {{mine: {{nat: {{tcp: 2s, on_expire: {expiry}}}}}}}
profiles:
  device: {{mqtt: {{keepalive: 3s}}, timeouts: {{ping: 1s}}, reconnect: {{policy: fixed, first: 500ms, jitter: none}}}}
fleets:
  devices: {{count: 50, profile: device, network: mine}}
timeline:
  - {{do: connect, who: all, over: 1s}}
checks:
  - {{expect: "count(net.nat.expired) >= 100"}}
  - {{expect: "count(mqtt.reconnect) >= 100"}}
  - {{expect: "count(mqtt.ping.withdrawn) >= 100"}}
  - {{expect: count(mqtt.connect.failed) == 0}}
"""


def run(text, **values):
    suite.need(brokers.Mosquitto)
    directory = processes.Directory("networks")
    try:
        with brokers.Mosquitto() as broker:
            scenario = directory.file("networks.yaml", text.format(target=broker.uri, **values))
            out = os.path.join(directory.path, "out")
            suite.muster("run", scenario, "--out", out).expect(0)
    finally:
        directory.close()


@suite.case("outages of regions and cells hit all in them, roaming devices come back, and no failure is the backend's")
def _():
    run(OUTAGES)


@suite.case("a connection that a middlebox forgot is found dead by the next ping, or broken by it")
def _():
    run(FORGETFUL, expiry="blackhole")
    run(FORGETFUL, expiry="rst")


suite.main()
