"""Payloads in a format, read by programs of others: Python's json, cbor2, and the package senml, after they went through Mosquitto."""

import contextlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import pypi
import suite

SIGNALS = {"temp": {"name": "temperature", "decimals": 1}, "hum": {"type": "uint8"}, "door": {}, "n": {"type": "float"}}
LABELS = {-2: "bn", -3: "bt", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb"}  # RFC 8428 section 6
UNITS = {"temp": "Cel", "hum": "%RH", "n": "count"}
SCENARIO = """\
version: 1
name: payloads
seed: 11
target: {target}
duration: 4s
settle: 1s
trust: {{lag: 10s, stall: 10s}}
fleets:
  rooms:
    count: 5
    protocol: mqtt311
    signals: {{temp: "walk(start=21, step=3, min=-5, max=50)", hum: "uniform(0, 300)", door: "choice(open:0.5, closed:0.5)", n: "counter(start=0.1)"}}
    telemetry:
{streams}
timeline: [{{at: 0s, do: connect, who: all}}]
"""


def flow(value):
    return json.dumps(value)  # JSON is YAML


def stream(topic, payload):
    return f"      - {{every: 500ms, topic: \"{topic}/${{device.id}}\", payload: {flow(payload)}}}\n"


def with_units():
    return {name: {**keys, **({"unit": UNITS[name]} if name in UNITS else {})} for name, keys in SIGNALS.items()}


def received(streams):
    """Runs the streams through Mosquitto; (topic, payload) in the order of arrival."""
    suite.need(brokers.Mosquitto)
    with brokers.Mosquitto() as broker, contextlib.closing(processes.Directory("payloads")) as directory:
        scenario = directory.file("payloads.yaml", SCENARIO.format(target=broker.uri, streams="".join(streams)))
        listener = subprocess.Popen(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-v", "-t", "#", "-F", "%t %x", "-W", "30"],
                                    stdout=subprocess.PIPE, text=True)
        try:
            subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-r", "-t", "ready", "-m", "x"], check=True, timeout=10)
            suite.equal(listener.stdout.readline().split(" ")[0], "ready", "first message")
            suite.muster("run", scenario, "--out", os.path.join(directory.path, "out")).expect(0)
            subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "over", "-m", "x"], check=True, timeout=10)
            found = []
            for line in listener.stdout:
                topic, _, payload = line.rstrip("\n").partition(" ")
                if topic == "over":
                    break
                found.append((topic, bytes.fromhex(payload)))
        finally:
            listener.terminate()
            listener.wait(10)
            listener.stdout.close()
    suite.check(len(found) >= 5 * 5 * len(streams), f"too few messages: {len(found)}")
    return found


def values_hold(v, what):
    suite.check(-5 <= v["temperature"] <= 50 and round(v["temperature"], 1) == v["temperature"], f"{what}: temperature {v}")
    suite.check(0 <= v["hum"] <= 255 and v["hum"] == int(v["hum"]), f"{what}: hum {v}")
    suite.check(v["door"] in ("open", "closed"), f"{what}: door {v}")
    suite.check(v["n"] > 0, f"{what}: n {v}")


@suite.case("JSON and CBOR carry the same record, and CBOR is deterministic")
def _():
    pypi.need()
    import cbor2
    kinds = {"json": {"format": "json", "signals": SIGNALS, "mark": "m"}, "cbor": {"format": "cbor", "signals": SIGNALS, "mark": "m"},
             "short": {"format": "cbor", "keys": "numbers", "time": "s", "signals": SIGNALS}}
    messages = received([stream(topic, payload) for topic, payload in kinds.items()])
    seen = set()
    for topic, payload in messages:
        kind = topic.split("/")[0]
        if kind == "json":
            v = json.loads(payload)
            suite.equal(list(v), ["ts", "temperature", "hum", "door", "n", "m"], "order of members")
        else:
            v = cbor2.loads(payload)
            suite.equal(cbor2.dumps(v, canonical=True), payload, "canonical encoding by cbor2")
        if kind == "short":
            suite.equal(sorted(v), [0, 1, 2, 3, 4], "keys")
            suite.check(1e9 < v[0] < 1e10, f"time {v[0]} in seconds")
            v = dict(zip(("ts", "temperature", "hum", "door", "n"), (v[k] for k in range(5))))
        else:
            suite.check(1e12 < v["ts"] < 1e13, f"time {v['ts']} in milliseconds")
            suite.equal(len(v["m"]), 22, "characters of the mark")
            seen.add(v["m"])
        values_hold(v, kind)
    suite.equal(len(seen), sum(1 for topic, _ in messages if not topic.startswith("short")), "different marks")


@suite.case("SenML is resolved by another implementation, in both representations")
def _():
    pypi.need()
    import cbor2
    sys.modules.setdefault("cbor", cbor2)  # which the package asks for by its old name
    import senml
    base = "urn:dev:ops:32473-${device.id}:"
    messages = received([stream("json", {"format": "senml-json", "base_name": base, "signals": with_units()}),
                         stream("cbor", {"format": "senml-cbor", "base_name": base, "signals": with_units()})])
    for topic, payload in messages:
        kind, device = topic.split("/")
        if kind == "cbor":
            records = cbor2.loads(payload)
            suite.equal(cbor2.dumps(records, canonical=True), payload, "canonical encoding by cbor2")
            records = [{LABELS[key]: value for key, value in record.items()} for record in records]
        else:
            records = json.loads(payload)
        document = senml.SenMLDocument.from_json(records)
        values = {}
        for m in (m.to_absolute(document.base) for m in document.measurements):
            base, _, name = m.name.rpartition(":")
            suite.equal(base, f"urn:dev:ops:32473-{device}", "base name")
            suite.equal(m.unit, {"temperature": "Cel", "hum": "%RH", "n": "count"}.get(name), f"unit of {name}")
            suite.check(1e9 < m.time < 1e10, f"time {m.time} in seconds")
            values[name] = m.value
        values_hold(values, kind)


suite.main()
