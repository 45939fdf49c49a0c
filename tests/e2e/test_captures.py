"""Evidence opens in tshark: every packet is decoded, comments say what went wrong, findings name file and frame."""
# time limit: 180 s

import concurrent.futures
import glob
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

PASSWORD = "canary-in-the-mine"
SECRET = "meadow-lark-77"

SCENARIO = """\
version: 1
name: captures
seed: 7
target: {target}
duration: {duration}
settle: 1s
trust: {{lag: 10s, stall: 10s}}
profiles:
  device:
    protocol: {protocol}
    reconnect: {{policy: fixed, first: 400ms}}
    timeouts: {{connect: 2s, connack: 1s, ack: 1s, suback: 1s}}
identities:
  password: {{kind: password, user: "someone", password: "{password}"}}
fleets:
  meters:
    count: {count}
    profile: device
    identity: password
    subscribe: ["c/${{device.id}}"]
    telemetry: {{every: {every}, topic: "t/${{device.id}}", payload: {payload}, qos: 1}}
timeline:
  - {{do: connect, who: all, over: 500ms}}
"""
TYPES = {"CONNECT": 1, "CONNACK": 2, "PUBLISH": 3, "PUBACK": 4, "SUBSCRIBE": 8, "SUBACK": 9, "DISCONNECT": 14}


class Tshark:
    @staticmethod
    def missing():
        return None if shutil.which("tshark") else "tshark is not installed"


class Workplace:
    """A scenario, and a run directory beside it."""

    def __init__(self, target="builtin", count=6, duration="3s", every="400ms", protocol="mqtt5",
                 payload='"${msg.seq} ${msg.mark} ${secret.PLACE}"'):
        self.directory = processes.Directory("captures")
        self.scenario = self.directory.file("scenario.yaml", SCENARIO.format(
            target=target, count=count, duration=duration, every=every, protocol=protocol, password=PASSWORD, payload=payload))
        self.out = os.path.join(self.directory.path, "run")
        self.environment = {"MUSTER_SECRET_PLACE": SECRET}

    def run(self, *more, timeout=60):
        return suite.muster("run", self.scenario, "--out", self.out, "--quiet", *more, env=self.environment, timeout=timeout)

    def start(self, *more):
        return processes.Process([suite.MUSTER, "run", self.scenario, "--out", self.out, "--quiet", *more],
                                 self.directory.file("output"), env=self.environment)

    def evidence(self):
        return sorted(glob.glob(os.path.join(self.out, "evidence", "*.pcapng")))

    def findings(self):
        with open(os.path.join(self.out, "events.ndjson"), encoding="utf-8") as f:
            return [e for e in map(json.loads, f) if e["kind"] == "finding"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


class Backend:
    """muster backend with deviations, on a port of its own."""

    def __init__(self, *misbehaviours):
        self.directory = processes.Directory("captures-backend")
        self.port = processes.free_port()
        arguments = [suite.MUSTER, "backend", "--listen", f"127.0.0.1:{self.port}"]
        for m in misbehaviours:
            arguments += ["--misbehave", m]
        self.process = processes.Process(arguments, self.directory.file("output"))
        processes.wait_until(lambda: processes.listens(self.port), 10, "the backend listens")

    @property
    def uri(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()
        self.directory.close()


def frames(path, *more):
    """One dict per frame, as tshark tells: number, protocol, types (a list: a frame may hold several packets), comment, malformed."""
    fields = ["frame.number", "frame.protocols", "mqtt.msgtype", "frame.comment", "_ws.malformed", "ip.src", "ip.dst",
              "mqtt.passwd", "frame.time_epoch"]
    arguments = ["tshark", "-n", "-r", path, *more, "-T", "fields", "-E", "separator=/t", "-E", "quote=n"]
    for field in fields:
        arguments += ["-e", field]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    suite.check(done.returncode == 0, f"tshark on {os.path.basename(path)}: {done.returncode} {done.stderr[-1000:]}")
    rows = []
    for line in done.stdout.splitlines():
        values = dict(zip(fields, line.split("\t")))
        rows.append({"number": int(values["frame.number"]), "protocols": values["frame.protocols"],
                     "types": [int(t) for t in values["mqtt.msgtype"].split(",") if t], "comment": values["frame.comment"],
                     "malformed": values["_ws.malformed"] != "", "from": values["ip.src"], "to": values["ip.dst"],
                     "password": values["mqtt.passwd"], "time": float(values["frame.time_epoch"] or 0)})
    return rows


def all_are_mqtt(path):
    rows = frames(path)
    suite.check(rows, f"{path} has no frames")
    for row in rows:
        suite.check(row["protocols"].startswith("exported_pdu:mqtt"), f"{path}: frame {row['number']} is {row['protocols']}")
        suite.check("device: meters-" in row["comment"], f"{path}: frame {row['number']} has the comment {row['comment']!r}")
    return rows


def no_secret(directory):
    for path in glob.glob(os.path.join(directory, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                data = f.read()
            suite.check(SECRET.encode() not in data, f"the secret stands in {path}")
            if path.endswith(".pcapng"):
                suite.check(PASSWORD.encode() not in data, f"the password stands in {path}")


# misbehaviour: (type of the packet that the finding points at, words of its comment, words of the finding)
BROKEN_RULES = {
    "malformed_connack=2": (TYPES["CONNACK"], "verdict: violation of [MQTT-3.2.2-1]", ("violation", None)),
    "wrong_packet_id=5": (TYPES["PUBACK"], "verdict: violation of [MQTT-2.2.1-5]", ("violation", None)),
    "second_connack=5": (TYPES["CONNACK"], "verdict: violation of [MQTT-3.2.0-2]", ("violation", None)),
    "refuse_connects=0x87": (TYPES["CONNACK"], "observed: reason code 0x87 (Not authorized)", ("operation", "refused")),
    "mute_connects=3": (TYPES["CONNECT"], "observed: no answer in time, connack_timeout", ("operation", "timeout")),
    "truncated_connack=3": (TYPES["CONNACK"], "incomplete: the rest of this packet never came", ("operation", "timeout")),
    "stop_acks=8": (TYPES["PUBLISH"], "observed: no answer in time", ("operation", "timeout")),
}


def misbehaves(misbehaviour):
    kind, words, (what, outcome) = BROKEN_RULES[misbehaviour]
    with Backend(misbehaviour) as backend, Workplace(backend.uri, count=3, every="200ms") as place:
        place.run().expect(0)
        suite.check(place.evidence(), f"{misbehaviour}: no evidence")
        rows = {path: all_are_mqtt(path) for path in place.evidence()}
        found = [f for f in place.findings() if f["what"] == what and f.get("outcome") == outcome and "evidence" in f]
        suite.check(found, f"{misbehaviour}: no finding names its evidence")
        for finding in found:
            path = os.path.join(place.out, finding["evidence"]["file"])
            row = rows[path][finding["evidence"]["frame"] - 1]
            suite.check(kind in row["types"], f"{misbehaviour}: frame of the finding holds types {row['types']}")
            suite.check(words in row["comment"], f"{misbehaviour}: comment is {row['comment']!r}")
            suite.check(os.path.basename(path) == f"{finding['device']}.pcapng", f"{misbehaviour}: {finding}")
            if finding.get("statement"):
                suite.check(f"[{finding['statement']}]" in row["comment"], f"{misbehaviour}: {row['comment']!r}")
        no_secret(place.out)


@suite.case("each misbehaviour leaves packets that tshark decodes, and the comment of the guilty one says what was wrong")
def _():
    suite.need(Tshark)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(misbehaves, m) for m in BROKEN_RULES]:
            done.result()


class Garbler(threading.Thread):
    """Answers every CONNECT of MQTT 5.0 with a CONNACK whose properties go past its end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection:
            connection.settimeout(5)
            try:
                if connection.recv(4096):
                    connection.sendall(bytes.fromhex("200600000921000012"))
                    connection.recv(4096)
            except OSError:
                pass


@suite.case("a malformed packet is flagged by tshark at the frame that the finding names, and no other is")
def _():
    suite.need(Tshark)
    garbler = Garbler()
    garbler.start()
    with Workplace(f"mqtt://127.0.0.1:{garbler.port}", count=3, duration="2s") as place:
        place.run().expect(0)
        found = [f for f in place.findings() if f["what"] == "violation"]
        suite.check(found, "no violation was found")
        named = {(f["evidence"]["file"], f["evidence"]["frame"]) for f in found}
        for path in place.evidence():
            for row in all_are_mqtt(path):
                guilty = (os.path.relpath(path, place.out), row["number"]) in named
                suite.equal(row["malformed"], guilty, f"malformed, {path} frame {row['number']}: {row['comment']!r}")
    garbler.listener.close()


@suite.case("of devices that are not sampled the offending packet goes out alone")
def _():
    suite.need(Tshark)
    with Backend("malformed_connack=7") as backend, Workplace(backend.uri, count=1500, duration="2s", every="10s") as place:
        place.run().expect(0)
        rows = all_are_mqtt(os.path.join(place.out, "evidence", "others.pcapng"))
        for row in rows:
            suite.equal(row["types"], [TYPES["CONNACK"]], "types of a lonely frame")
            suite.check("alone: this device was not sampled; its CONNECT named MQTT 5.0" in row["comment"], row["comment"])
        named = [f for f in place.findings() if f.get("evidence", {}).get("file") == "evidence/others.pcapng"]
        suite.check(named, "no finding names a lonely packet")
        for finding in named:
            suite.check(f"device: {finding['device']}\\n" in rows[finding["evidence"]["frame"] - 1]["comment"], finding)
        suite.check(len(place.evidence()) <= 257, "one file per sampled device, and one for the others")


@suite.case("--capture writes what the device did, packet by packet, and nothing of others")
def _():
    suite.need(Tshark)
    with Workplace(count=5) as place:
        place.run("--capture", "meters-3", "--capture", "1").expect(0)
        suite.equal([os.path.basename(p) for p in place.evidence()], ["meters-1.pcapng", "meters-3.pcapng"], "files")
        for device in (1, 3):
            path = os.path.join(place.out, "evidence", f"meters-{device}.pcapng")
            rows = all_are_mqtt(path)
            plan = suite.muster("plan", place.scenario, "--device", device, env=place.environment).expect(0)
            publishes = sum("publish" in line for line in plan.stdout.splitlines())
            suite.check(publishes > 3, f"the plan of device {device} lists {publishes} publishes:\n{plan.stdout}")
            types = [t for row in rows for t in row["types"]]
            suite.equal(types[:4], [TYPES[t] for t in ("CONNECT", "CONNACK", "SUBSCRIBE", "SUBACK")], "the first packets")
            suite.equal(types[-1], TYPES["DISCONNECT"], "the last packet")
            published = types[4:-1]
            # a backend that is slow for a moment acknowledges two of them one after the other
            suite.equal(sorted(published), sorted([TYPES["PUBLISH"], TYPES["PUBACK"]] * publishes), "what was published")
            for i in range(len(published)):
                suite.check(published[:i + 1].count(TYPES["PUBACK"]) <= published[:i + 1].count(TYPES["PUBLISH"]),
                            f"no acknowledgement comes before its message: {published}")
            suite.equal([r["time"] for r in rows], sorted(r["time"] for r in rows), "times")
            suite.check(time.time() - 60 < rows[0]["time"] < time.time(), "frames carry the wall clock")
            for row in rows:
                sent = row["types"][0] in (TYPES["CONNECT"], TYPES["PUBLISH"], TYPES["SUBSCRIBE"], TYPES["DISCONNECT"])
                suite.check((row["from"] if sent else row["to"]).startswith("127."), row)
                suite.check(("sent: " in row["comment"]) == sent, row)
                suite.check(not row["malformed"], row)
            suite.equal(rows[0]["password"], "*" * len(PASSWORD), "the password")
        suite.check(not place.findings(), "a clean run has no findings")
        no_secret(place.out)


@suite.case("a clean run writes no evidence")
def _():
    with Workplace(count=5, duration="1s") as place:
        place.run().expect(0)
        suite.check(not os.path.exists(os.path.join(place.out, "evidence")), "there is an evidence directory")


@suite.case("a device that is not there is a usage error that says what may have been meant")
def _():
    with Workplace(count=5, duration="1s") as place:
        for name, words in (("meter-3", "did you mean meters-3?"), ("meters-5", "meters-0 to meters-4"), ("77", "from 0 to 4")):
            refused = place.run("--capture", name).expect(2)
            suite.check(words in refused.stderr, refused.stderr)
            suite.check(not os.path.exists(place.out), "nothing is left behind")


def killed(seconds):
    with Workplace(count=20, duration="30s", every="5ms") as place:
        process = place.start("--capture", "meters-3", "--capture", "meters-4")
        processes.wait_until(place.evidence, 15, "evidence")
        time.sleep(seconds)
        process.kill()
        return sum(len(all_are_mqtt(path)) for path in place.evidence())


@suite.case("a run that is killed leaves files that are whole")
def _():
    suite.need(Tshark)
    instants = random.Random(7)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(killed, instants.uniform(0, 2)) for _ in range(6)]:
            suite.check(done.result() > 20, "hardly anything was written")


@suite.case("--capture ends at its share of the 64 MiB, which the event log says, and opens up to there")
def _():
    suite.need(Tshark)
    with Workplace(count=4, duration="45s", every="10ms", payload="random(30KiB)") as place:
        process = place.start("--capture", "meters-0", "--capture", "meters-1", "--capture", "meters-2", "--capture", "meters-3")
        size = lambda: sum(os.path.getsize(p) for p in place.evidence())
        processes.wait_until(lambda: "has grown to its cap" in process.output(), 44, "the cap is said")
        time.sleep(1.5)
        process.stop()
        suite.check(47 << 20 < size() <= 48 << 20, f"{size()} bytes of evidence")
        suite.equal(process.output().count("has grown to its cap"), 1, "said")
        for path in place.evidence():
            suite.check(len(frames(path, "-c", "50")) == 50, path)
            done = subprocess.run(["capinfos", "-c", "-M", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            suite.equal(done.returncode, 0, f"capinfos: {done.stdout}")
        with open(os.path.join(place.out, "events.ndjson"), encoding="utf-8") as f:
            left = [json.loads(line) for line in f if '"left_out"' in line]
        suite.check(any(e["of"] == "evidence" and e["count"] > 0 for e in left), "the event log counts what was left out")


if __name__ == "__main__":
    suite.main()
