"""The quickstart passes against Mosquitto, RabbitMQ and ejabberd, in 3.1.1 and, as far as the packaged broker speaks it, in 5.0."""
# time limit: 300 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

PROTOCOLS = {"3.1.1": "mqtt311", "5.0": "mqtt5"}

IDENTITY = f"""\
identities:
  guest: {{kind: password, user: {brokers.CREDENTIALS[0]}, password: {brokers.CREDENTIALS[1]}}}
fleets:
  thermostats: {{identity: guest}}
"""


def quickstart(broker, version):
    directory = processes.Directory("quickstart")
    try:
        identity = directory.file("identity.yaml", IDENTITY)
        out = os.path.join(directory.path, "run")
        result = suite.muster("run", "scenarios/quickstart.yaml", "-f", identity, "--set",
                              f"fleets.thermostats.protocol={PROTOCOLS[version]}", "--out", out, "--quiet",
                              env={"MUSTER_TARGET": broker.uri})
        result.expect(0)
        summary = suite.summary(out)
        connect = summary["operations"]["mqtt.connect.ack"]
        publish = summary["operations"]["mqtt.publish.ack"]
        suite.equal((summary["verdict"], connect["ok"], connect["failed"]), ("pass", 100, 0), "verdict and connects")
        suite.check(publish["ok"] > 300 and publish["failed"] == 0, f"publishes: {publish}")
        suite.equal(summary["messages"]["acked"], summary["messages"]["sent"], "acknowledged messages")
    finally:
        directory.close()


def add(kind, version):
    @suite.case(f"the quickstart passes against {kind.name} in {version}")
    def _():
        suite.need(kind)
        with kind() as broker:
            if version not in broker.versions:
                print(f"NOTE {kind.name} {brokers.installed_version(kind.package)} speaks {', '.join(broker.versions)}: "
                      f"not run in {version}")
                return
            quickstart(broker, version)


for kind in (brokers.Mosquitto, brokers.RabbitMQ, brokers.Ejabberd):
    for version in PROTOCOLS:
        add(kind, version)

suite.main()
