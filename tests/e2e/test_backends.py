"""The quickstart passes against Mosquitto, RabbitMQ and ejabberd, in 3.1.1 and, as far as the packaged broker speaks it, in 5.0."""
# time limit: 300 s
# alone

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

PROTOCOLS = {"3.1.1": "mqtt311", "5.0": "mqtt5"}

# brokers, both runs and the other tests share two cores: what is judged here is the protocol, not the tool's punctuality
TRUST = "trust={lag: 10s, stall: 10s}"

IDENTITY = f"""\
identities:
  guest: {{kind: password, user: {brokers.CREDENTIALS[0]}, password: {brokers.CREDENTIALS[1]}}}
fleets:
  thermostats: {{identity: guest}}
"""


def start(directory, broker, version):
    """One run of the quickstart; returns its process and its directory."""
    identity = directory.file("identity.yaml", IDENTITY)
    out = os.path.join(directory.path, version)
    arguments = [suite.MUSTER, "run", "scenarios/quickstart.yaml", "-f", identity, "--set",
                 f"fleets.thermostats.protocol={PROTOCOLS[version]}", "--set", TRUST, "--out", out, "--quiet"]
    return subprocess.Popen(arguments, cwd=suite.ROOT, env={**os.environ, "MUSTER_TARGET": broker.uri},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True), out


def judge(process, out, version):
    output, _ = process.communicate(timeout=90)
    suite.check(process.returncode == 0, f"{version}: exit status {process.returncode}\n{output}")
    summary = suite.summary(out)
    connect, publish = summary["operations"]["mqtt.connect.ack"], summary["operations"]["mqtt.publish.ack"]
    suite.equal((summary["verdict"], connect["ok"], connect["failed"]), ("pass", 100, 0), f"{version}: verdict and connects")
    suite.check(publish["ok"] > 300 and publish["failed"] == 0, f"{version}: publishes: {publish}")
    suite.equal(summary["messages"]["acked"], summary["messages"]["sent"], f"{version}: acknowledged messages")


def add(kind):
    @suite.case(f"the quickstart passes against {kind.name} in every version that it speaks")
    def _():
        suite.need(kind)
        directory = processes.Directory("quickstart")
        try:
            with kind() as broker:
                print(f"NOTE {kind.name} {brokers.installed_version(kind.package)} speaks {', '.join(broker.versions)}")
                suite.check("3.1.1" in broker.versions, "it does not speak 3.1.1")
                runs = [(*start(directory, broker, version), version) for version in PROTOCOLS if version in broker.versions]
                for run in runs:
                    judge(*run)
        finally:
            directory.close()


for kind in (brokers.Mosquitto, brokers.RabbitMQ, brokers.Ejabberd):
    add(kind)

suite.main()
