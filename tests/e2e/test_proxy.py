"""The counting proxy counts what mosquitto_pub and mosquitto_sub send and get, in both versions."""
# quick

import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import mqtt
import processes
import proxy
import suite


def publish(port, *arguments, lines=None):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), *arguments], check=True, timeout=20,
                   input=lines, text=True)


@suite.case("each packet type is counted once, in both versions")
def _():
    suite.need(brokers.Mosquitto)
    for version in ("311", "5"):
        with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
            for qos in "012":
                publish(between.port, "-i", f"client-{qos}", "-V", version, "-q", qos, "-t", "count/me", "-l", lines="a\nb\nc\n")
            counts = between.finish()
            up, down = counts["up"], counts["down"]
            suite.equal((counts["accepted"], up["connect"], down["connack"], up["disconnect"]), (3, 3, 3, 3), "connections")
            suite.equal(up["publish_qos"], [3, 3, 3], "publishes by QoS")
            suite.equal((up["publish"], up["distinct"], up["dup"]), (9, 3, 0), "publishes, distinct, repeated")
            suite.equal((down["puback"], down["pubrec"], up["pubrel"], down["pubcomp"]), (3, 3, 3, 3), "acknowledgements")
            suite.equal((counts["undecoded"], counts["clients"]), (0, 3), "undecoded and clients")


@suite.case("what subscribers get is counted on its own")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        publish(broker.port, "-r", "-t", "kept/1", "-m", "x")
        subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(between.port), "-t", "kept/#", "-C", "1", "-W", "10"],
                       check=True, stdout=subprocess.DEVNULL, timeout=20)
        counts = between.finish()
        suite.equal((counts["up"]["subscribe"], counts["down"]["suback"], counts["down"]["publish"],
                     counts["up"]["publish"]), (1, 1, 1, 0), "counts")


def raw_publish(topic, message, properties=b"", first=0x32, packet_id=1):
    return mqtt.packet(first, mqtt.text(topic) + struct.pack(">H", packet_id) + bytes([len(properties)]) + properties + message)


@suite.case("repeats and topic aliases do not make publishes distinct, whatever pieces they come in")
def _():
    suite.need(brokers.Mosquitto)
    alias = b"\x01\x01\x26\x00\x01k\x00\x01v\x23\x00\x05"
    data = (mqtt.connect_packet("raw", 5) + raw_publish("t/1", b"m", alias) + raw_publish("", b"m", alias, packet_id=2)
            + raw_publish("t/1", b"m", first=0x3A) + raw_publish("t/2", b"m" * 300, packet_id=3))
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        with socket.create_connection(("127.0.0.1", between.port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(0, len(data), 7):
                s.sendall(data[i : i + 7])
            stream = s.makefile("rb")
            for _ in range(5):
                mqtt.read_packet(stream)
        counts = between.finish()
        up = counts["up"]
        suite.equal((up["publish"], up["distinct"], up["dup"], counts["undecoded"]), (4, 2, 1, 0), "counts")
        suite.equal(up["bytes"], len(data), "bytes")
        suite.equal(counts["down"]["puback"], 4, "acknowledgements")


@suite.case("what a device sent before it learned that the broker is gone is counted")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        with socket.create_connection(("127.0.0.1", between.port)) as s:
            s.sendall(mqtt.connect_packet("raw", 5))
            mqtt.read_packet(s.makefile("rb"))
            broker.kill()
            suite.equal(s.recv(1), b"", "the end of the stream")
            s.sendall(raw_publish("t", b"late"))
        suite.equal(mqtt.accepts(between.port), False, "a connection without a broker behind it is accepted")
        broker.start()
        suite.check(mqtt.accepts(between.port), "a restarted broker is reached again")
        counts = between.finish()
        suite.equal((counts["up"]["publish"], counts["unreachable"], counts["accepted"]), (1, 1, 3), "counts")


@suite.case("all connections can be reset at once")
def _():
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, proxy.Proxy(broker.port) as between:
        sockets = [socket.create_connection(("127.0.0.1", between.port)) for _ in range(5)]
        for i, s in enumerate(sockets):
            s.sendall(mqtt.connect_packet(f"raw{i}", 4))
            mqtt.read_packet(s.makefile("rb"))
        between.reset_all()
        for s in sockets:
            s.settimeout(5)
            try:
                suite.equal(s.recv(1), None, "bytes after the reset")
            except ConnectionResetError:
                s.close()
        suite.equal(between.finish()["open_peak"], 5, "open at once")


@suite.case("free ports are free")
def _():
    suite.check(not processes.listens(processes.free_port()), "somebody listens")


suite.main()
