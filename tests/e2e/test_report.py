"""Run directories read back: documents made again, runs that were killed, shards added up, a full disk, and the interval log in the eyes
of another implementation.

MUSTER_KILLS=50 kills as many runs (default 4). MUSTER_SEED=N repeats their instants.
"""

import base64
import glob
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

KILLS = int(os.environ.get("MUSTER_KILLS", "4"))
SEED = int(os.environ.get("MUSTER_SEED", str(int(time.time()))))
DERIVED = ["summary.json", "summary.md", "junit.xml", "report.html"]
RATE = 200  # messages per second of the steady scenario

STEADY = f"""
version: 1
name: steady
target: builtin
seed: 11
duration: DURATION
profiles:
  meter: {{protocol: mqtt5, reconnect: {{first: 100ms, max: 500ms}}}}
fleets:
  meters:
    count: 100
    profile: meter
    telemetry: {{every: 500ms, topic: 'm/${{device.id}}', payload: '${{msg.mark}}', qos: 1}}
  gates:
    count: 10
    profile: meter
    telemetry: {{every: 1s, topic: 'g/${{device.id}}', payload: hello, qos: 0}}
timeline:
  - {{do: connect, who: all, over: 500ms}}
  - {{do: link_down, id: outage, who: {{fleet: gates}}, at: 2s, for: 1s, how: reset}}
checks:
  - {{name: in, expect: 'ratio(mqtt.connect.ok) > 50%'}}
  - {{name: quick, expect: 'p99(mqtt.publish.ack) < 1s'}}
  - {{name: window, expect: 'p90(mqtt.publish.ack{{clock=service}}, over=2s) < 1s'}}
  - {{name: back, expect: 'time_to(online == 100%, from=outage.end) < 3s'}}
  - {{name: lost, expect: 'lost(mqtt.publish{{qos=1}}) == 0', kind: conformance}}
"""


class Work:
    """A directory for one case."""

    def __enter__(self):
        self.directory = processes.Directory("report")
        return self

    def __exit__(self, *_):
        self.directory.close()

    def path(self, name):
        return os.path.join(self.directory.path, name)

    def scenario(self, duration):
        return self.directory.file("steady.yaml", STEADY.replace("DURATION", duration))


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def load(*path):
    return json.loads(read(*path))


def events(directory):
    return [json.loads(line) for line in read(directory, "events.ndjson").splitlines()]


def records(directory):
    """{tag: {bucket: count}} of intervals.hlog, decoded here: a reading that shares no code with the program."""
    found = {}
    for line in read(directory, "intervals.hlog").decode().splitlines():
        if line[0] in '#"':
            continue
        tag, _, _, _, text = line.split(",")
        packed = base64.b64decode(text)
        plain = zlib.decompress(packed[8:])
        cookie, size, offset, digits, lowest, highest, ratio = struct.unpack(">iiiiqqd", plain[:40])
        suite.equal((cookie, size, offset, digits, lowest, highest, ratio),
                    (0x1c849313, len(plain) - 40, 0, 2, 1, 2**40 - 1, 1.0), "head of a histogram")
        counts = found.setdefault(tag.removeprefix("Tag="), {})
        at, bucket = 40, 0
        while at < len(plain):
            value = shift = 0
            while True:
                byte, at = plain[at], at + 1
                value |= (byte if shift == 56 else byte & 0x7F) << shift
                if shift == 56 or byte < 0x80:
                    break
                shift += 7
            value = value >> 1 ^ -(value & 1)
            if value > 0:
                counts[bucket] = counts.get(bucket, 0) + value
            bucket += -value if value < 0 else 1
    return found


def highest_us(bucket):
    """The greatest value of a bucket."""
    if bucket < 256:
        return bucket
    width = 1 << ((bucket >> 7) - 1)
    return (bucket % 128 + 128) * width + width - 1


def added(*many):
    total = {}
    for one in many:
        for tag, counts in one.items():
            into = total.setdefault(tag, {})
            for bucket, count in counts.items():
                into[bucket] = into.get(bucket, 0) + count
    return total


def same_documents(directory, before):
    for name in DERIVED:
        suite.check(read(directory, name) == before[name], f"{name} is the same to the byte")


def documents(directory):
    return {name: read(directory, name) for name in DERIVED}


@suite.case("the documents of a whole run are made again to the byte, and the exit code is the run's")
def _():
    with Work() as w:
        out = w.path("run")
        run = suite.muster("run", w.scenario("5s"), "--quiet", "--out", out, "--set", "observe=all")
        before = documents(out)
        for name in DERIVED:
            os.remove(os.path.join(out, name))
        again = suite.muster("report", out).expect(run.status)
        same_documents(out, before)
        suite.equal(again.stdout, run.stdout, "text at the end")
        suite.equal(json.loads(suite.muster("report", out, "--json").stdout), json.loads(before["summary.json"]), "--json")
        suite.equal(load(out, "manifest.json")["complete"], True, "complete")


@suite.case("a run that was interrupted is reported as it was, with exit code 14")
def _():
    with Work() as w:
        out = w.path("run")
        process = processes.Process([suite.MUSTER, "run", w.scenario("30s"), "--quiet", "--out", out], w.path("log"))
        processes.reach(out, 2)
        process.signal(signal.SIGINT)
        suite.equal(process.child.wait(processes.PATIENCE), 130, "exit code of the run")
        before = documents(out)
        suite.muster("report", out).expect(14)
        same_documents(out, before)


def kill_one(w, number, after):
    """Runs against a broker that counts, kills the run, and looks at what `report` makes of it."""
    out = w.path(f"run-{number}")
    with brokers.Builtin() as broker:
        process = processes.Process([suite.MUSTER, "run", w.scenario("4s"), "--quiet", "--out", out, "--target", broker.uri],
                                    w.path(f"log-{number}"))
        time.sleep(after)
        process.kill()
        counts = broker.counts()
    if not os.path.exists(os.path.join(out, "manifest.json")):
        return None  # before it began
    ended = b'"kind":"ended"' in read(out, "events.ndjson")
    again = suite.muster("report", out)
    suite.check(again.status in (0, 10, 11, 13) if ended else again.status == 14,
                f"exit code {again.status} after {after:.3f} s: {again.stderr}")
    for name in DERIVED:
        suite.check(os.path.exists(os.path.join(out, name)), f"{name} after {after:.3f} s")
    xml.etree.ElementTree.fromstring(read(out, "junit.xml"))
    summary = load(out, "summary.json")
    if not ended:
        suite.equal(load(out, "manifest.json")["complete"], False, "complete in the manifest")
        suite.equal(summary["verdict"], "incomplete", "verdict")
        suite.check("INCOMPLETE" in read(out, "summary.md").decode(), "INCOMPLETE in summary.md")
        suite.check("INCOMPLETE" in read(out, "report.html").decode(), "INCOMPLETE in report.html")
        suite.check("INCOMPLETE" in again.stdout, "INCOMPLETE on stdout")
    return counts["published_qos0"] + counts["published_qos1"] - summary["messages"]["sent"]


@suite.case(f"killed at {KILLS} random instants (seed {SEED}), a run is always reported, and about a second of it is lost at most")
def _():
    chance = random.Random(SEED)
    begun = 0
    with Work() as w:
        for number in range(KILLS):
            after = chance.uniform(0.1, 5.2)
            lost = kill_one(w, number, after)
            begun += lost is not None
            # a second is closed 150 ms after it is over: by then its workers have handed in what they measured
            suite.check(lost is None or 0 <= lost <= (RATE + 10) * 1.4,
                        f"killed after {after:.3f} s: {lost} messages that the broker got are missing")
        suite.check(begun >= KILLS // 2, f"{begun} of {KILLS} runs had begun")


@suite.case("a log that is torn or damaged in the middle is used up to there, and the rest is counted")
def _():
    with Work() as w:
        out = w.path("run")
        suite.muster("run", w.scenario("4s"), "--quiet", "--out", out)
        whole = read(out, "events.ndjson")
        middle = whole.index(b"\n", len(whole) * 2 // 3)
        with open(os.path.join(out, "events.ndjson"), "r+b") as f:
            f.seek(middle + 10)
            f.write(b"#")
        again = suite.muster("report", out, "--json").expect(14)
        note = " ".join(json.loads(again.stdout)["caveats"])
        suite.check(re.search(r"\d+ bytes behind that were ignored", note), f"caveats: {note}")


def tags_of(found, operation, clock):
    return [tag for tag in found if tag.startswith(f"{operation}/{clock}/")]


JARS = glob.glob("/usr/share/java/hdrhistogram.jar")


def processed(log, tag):
    """What Debian's HdrHistogram says about one tag: rows (value in us, percentile, count up to there), and the total."""
    run = suite.Run(["java", "-cp", JARS[0], "org.HdrHistogram.HistogramLogProcessor", "-i", log, "-tag", tag,
                     "-outputValueUnitRatio", "1", "-percentilesOutputTicksPerHalf", "100"]).expect(0)
    rows = [line.split() for line in run.stdout.split("1/(1-Percentile)\n")[1].splitlines()]
    table = [(float(row[0]), float(row[1]), int(row[2])) for row in rows if len(row) >= 3 and row[0][0] != "#"]
    total = int(re.search(r"Total count +=\s+(\d+)", run.stdout).group(1))
    return table, total


@suite.case("an independent HdrHistogram reads the interval log with equal counts and percentiles")
def _():
    if not JARS or not shutil.which("java"):
        raise suite.Skip("libhdrhistogram-java or java is not installed")
    with Work() as w:
        out = w.path("run")
        suite.muster("run", w.scenario("4s"), "--quiet", "--out", out)
        ours = records(out)
        summary = load(out, "summary.json")
        for operation, clock in [("mqtt.publish.ack", "response"), ("mqtt.publish.ack", "service"), ("mqtt.connect.ack", "lag")]:
            tag = max(tags_of(ours, operation, clock), key=lambda t: sum(ours[t].values()))
            table, total = processed(os.path.join(out, "intervals.hlog"), tag)
            suite.equal(total, sum(ours[tag].values()), f"samples of {tag}")
            for value, percentile, count in table:
                # it prints a bucket's highest value, or one that is a little above for the last bucket
                below = sum(n for bucket, n in ours[tag].items() if highest_us(bucket) <= value)
                suite.equal(below, count, f"samples of {tag} up to {value} us, percentile {percentile}")
        # all of one operation and clock: what the summary says
        for clock in ["response", "service"]:
            tags = tags_of(ours, "mqtt.publish.ack", clock)
            answered = added(*({"x": ours[tag]} for tag in tags))["x"]
            expected = summary["operations"]["mqtt.publish.ack"][f"{clock}_ms"]
            suite.equal(sum(answered.values()), expected["samples"], f"samples by {clock}")
            seen, rank = 0, -(-expected["samples"] * 99 // 100)
            for bucket in sorted(answered):
                seen += answered[bucket]
                if seen >= rank:
                    suite.equal(min(highest_us(bucket) / 1000, expected["max"]), expected["p99"], f"p99 by {clock}")
                    break


@suite.case("two shards' directories add up to the run in one process: hashes, schedules, and histograms bucket by bucket")
def _():
    with Work() as w:
        scenario = w.scenario("4s")
        runs = {name: processes.Process([suite.MUSTER, "run", scenario, "--quiet", "--out", w.path(name), *options], w.path(name + ".log"))
                for name, options in {"one": ["--shard", "1/2"], "two": ["--shard=2/2"], "all": []}.items()}
        for name, process in runs.items():
            suite.check(process.child.wait(30) in (0, 10, 13), f"{name}: {process.output()}")
        merged = suite.muster("report", w.path("two"), w.path("one"), "--out", w.path("merged"))
        suite.check(merged.status in (0, 10, 13), merged.stderr)
        found, whole = load(w.path("merged"), "summary.json"), load(w.path("all"), "summary.json")
        for key in ["hash", "plan_hash", "decisions_hash", "seed"]:
            suite.equal(found["scenario"][key], whole["scenario"][key], key)
        for key in ["count", "online_peak"]:
            suite.equal(found["devices"][key], whole["devices"][key], f"devices.{key}")
        for operation in ["mqtt.publish.ack", "mqtt.publish.sent"]:
            suite.equal(found["operations"][operation]["intended"], whole["operations"][operation]["intended"], operation)
        suite.equal([c["name"] for c in found["checks"]], [c["name"] for c in whole["checks"]], "checks")
        suite.equal(records(w.path("merged")), added(records(w.path("one")), records(w.path("two"))), "histograms")
        parts = [load(w.path(name), "summary.json") for name in ("one", "two")]
        for key in ["sent", "acked", "lost"]:
            suite.equal(found["messages"][key], sum(part["messages"][key] for part in parts), f"messages.{key}")
        again = load(w.path("merged"), "manifest.json")["command"]
        suite.check("--shard" not in again and "1/2" not in again and "--shard=2/2" not in again, f"command: {again}")
        before = documents(w.path("merged"))
        suite.muster("report", w.path("merged")).expect(merged.status)
        same_documents(w.path("merged"), before)
        suite.muster("report", w.path("one"), w.path("one"), "--out", w.path("x")).expect(2)
        suite.muster("report", w.path("one"), w.path("all"), "--out", w.path("x")).expect(2)
        suite.muster("report", w.path("one"), w.path("two")).expect(2)
        suite.muster("report", w.path("one"), w.path("two"), "--out", w.path("all")).expect(2)
        suite.check(not os.path.exists(w.path("x")), "nothing is left of what was refused")


SMALL = 1300 << 10  # bytes of the disk that is too small: two reserves of 512 KiB, and a few seconds of logs
MOUNTED = """
set -e
mount -t tmpfs -o "size=$1" muster "$2"
out=$2/run
kept=$3
shift 3
status=0
"$@" --out "$out" || status=$?
cp -r "$out" "$kept"
exit $status
"""


def may_mount(w):
    test = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", w.directory.path]
    return subprocess.run(test, stderr=subprocess.DEVNULL, check=False).returncode == 0


def run_on_mounted(w, scenario):
    mount = w.path("small")
    os.mkdir(mount)
    return suite.Run(["unshare", "-rm", "sh", w.directory.file("full.sh", MOUNTED), str(SMALL), mount, w.path("kept"),
                      suite.MUSTER, "run", scenario, "--quiet"], cwd=suite.ROOT)


def run_on_filled(w, scenario, shared="/dev/shm"):
    """Where nothing can be mounted, as in a container: the shared memory there is small, and filled up but for as much."""
    place = tempfile.mkdtemp(prefix="muster-report-", dir=shared)
    try:
        with open(os.path.join(place, "filler"), "wb") as f:
            os.posix_fallocate(f.fileno(), 0, os.statvfs(place).f_bavail * os.statvfs(place).f_bsize - SMALL)
        run = suite.muster("run", scenario, "--quiet", "--out", os.path.join(place, "run"))
        os.remove(os.path.join(place, "filler"))
        shutil.copytree(os.path.join(place, "run"), w.path("kept"))
        return run
    finally:
        shutil.rmtree(place)


def small_shared_memory(shared="/dev/shm"):
    return os.access(shared, os.W_OK) and os.statvfs(shared).f_blocks * os.statvfs(shared).f_bsize <= 1 << 28


@suite.case("on a full disk series stop first and verdicts last; the run says so and is not trustworthy")
def _():
    with Work() as w:
        regions = "regions: {" + ", ".join(f"r{i}: 4%" for i in range(25)) + "}"
        text = STEADY.replace("DURATION", "9s").replace("count: 100", f"count: 100\n    {regions}")
        scenario = w.directory.file("full.yaml", text)
        if may_mount(w):
            run = run_on_mounted(w, scenario)
        elif small_shared_memory():
            run = run_on_filled(w, scenario)
        else:
            raise suite.Skip("no small file system: unshare -rm may not mount one, and /dev/shm is large")
        run.expect(13)
        suite.check("the disk is full" in run.stderr, f"stderr: {run.stderr}")
        kept = w.path("kept")
        lines = events(kept)
        suite.equal(lines[-1]["kind"], "ended", "last line of events.ndjson")
        suite.equal([line["name"] for line in lines if line["kind"] == "check"], ["in", "quick", "window", "back", "lost"], "verdicts")
        rows = read(kept, "series.csv").decode().splitlines()
        last_tally = max(line["t"] for line in lines if line["kind"] == "tally")
        suite.check(float(rows[-1].split(",")[0]) < last_tally, f"series end at {rows[-1].split(',')[0]} s, tallies at {last_tally} s")
        summary = load(kept, "summary.json")
        suite.equal(summary["verdict"], "not_trustworthy", "verdict")
        suite.check(summary["tool"]["dropped"] > 0, "dropped records are counted")
        again = suite.muster("report", kept, "--json").expect(13)
        suite.equal(json.loads(again.stdout)["verdict"], "not_trustworthy", "verdict of the report")


suite.main()
