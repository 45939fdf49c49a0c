"""The brokers that other tests stand on: they start as private instances, carry messages, come back after a kill."""
# time limit: 240 s
# alone

import os
import sys
import subprocess
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import mqtt
import processes
import suite

LOGIN = ["-u", brokers.CREDENTIALS[0], "-P", brokers.CREDENTIALS[1]]


def exchange(broker, version):
    """Publishes with mosquitto_pub what mosquitto_sub waits for; returns what came."""
    common = ["-h", "127.0.0.1", "-p", str(broker.port), "-V", version, "-q", "1", *LOGIN]
    directory = processes.Directory("exchange")
    subscriber = processes.Process(["stdbuf", "-oL", "mosquitto_sub", *common, "-t", "muster/#", "-C", "2", "-W", "20", "-d"],
                                   directory.file("log"))
    try:
        processes.wait_until(lambda: "Subscribed" in subscriber.output(), 20, "SUBACK comes")
        for message in ("one", "two"):
            subprocess.run(["mosquitto_pub", *common, "-t", "muster/a", "-m", message], check=True, timeout=20)
        subscriber.child.wait(20)
        return [line for line in subscriber.output().splitlines() if line in ("one", "two")]
    finally:
        subscriber.stop()
        directory.close()


def carries_messages(kind):
    with kind() as broker:
        version = brokers.installed_version(broker.package)
        print(f"NOTE {broker.name} {version} speaks MQTT {', '.join(broker.versions)}")
        suite.check("3.1.1" in broker.versions, f"{broker.name} refuses 3.1.1: {broker.log()[-1000:]}")
        for spoken in broker.versions:
            suite.equal(exchange(broker, {"3.1.1": "311", "5.0": "5"}[spoken]), ["one", "two"], f"messages in {spoken}")


def comes_back(kind):
    with kind() as broker:
        port = broker.port
        broker.kill()
        suite.check(not processes.listens(port), "a killed broker still listens")
        broker.start()
        suite.equal(broker.port, port, "port after the restart")
        suite.check(mqtt.accepts(port, credentials=brokers.CREDENTIALS), "the broker is back")
    suite.check(not processes.listens(port), "a stopped broker still listens")


for kind in brokers.ALL:
    def carry(kind=kind):
        suite.need(kind)
        carries_messages(kind)

    def back(kind=kind):
        suite.need(kind)
        comes_back(kind)

    suite.case(f"{kind.name} carries messages in every version that it accepts")(carry)
    suite.case(f"{kind.name} comes back on its port after a kill, and is gone after a stop")(back)


@suite.case("several mosquittos run side by side")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as one, brokers.Mosquitto() as two:
        suite.check(one.port != two.port, "two brokers on one port")
        suite.check(mqtt.accepts(one.port) and mqtt.accepts(two.port), "both accept")


@suite.case("a paused mosquitto keeps its sockets and answers nothing")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker:
        broker.pause()
        suite.check(processes.listens(broker.port), "the kernel still accepts")
        begin = time.monotonic()
        try:
            mqtt.connack(broker.port, seconds=1)
            raise AssertionError("a paused broker answered")
        except OSError:
            suite.check(time.monotonic() - begin >= 0.9, "the connection ended before the wait did")
        broker.resume()
        suite.check(mqtt.accepts(broker.port), "it answers again")


@suite.case("a persistent mosquitto keeps a session over a restart, another one does not")
def _():
    suite.need(brokers.Mosquitto)
    for persistent in (True, False):
        with brokers.Mosquitto(persistent=persistent) as broker:
            common = ["-h", "127.0.0.1", "-p", str(broker.port), "-q", "1"]
            sub = ["mosquitto_sub", *common, "-i", "keeper", "-c", "-t", "kept"]
            subprocess.run([*sub, "-E"], check=True, timeout=20)
            subprocess.run(["mosquitto_pub", *common, "-t", "kept", "-m", "later"], check=True, timeout=20)
            broker.restart()
            got = subprocess.run([*sub, "-C", "1", "-W", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 text=True, check=False, timeout=20).stdout.strip()
            suite.equal(got, "later" if persistent else "", f"message with persistent={persistent}")


suite.main()
