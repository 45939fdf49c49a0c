"""What programs read: JSON against the schemas that the program prints, --json on stdout, the metrics endpoint while a run goes on."""

import copy
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import pypi
import suite

SCENARIO = """\
version: 1
name: formats
seed: 7
target: builtin
duration: {duration}
settle: 2s
observe: all
trust: {{lag: 10s, stall: 10s}}
profiles:
  meter: {{protocol: mqtt311, reconnect: {{policy: fixed, first: 300ms}}}}
  gate: {{protocol: mqtt5, reconnect: {{policy: fixed, first: 300ms}}, commands: {{topic: "c/${{device.id}}"}}}}
fleets:
  meters:
    count: 30
    profile: meter
    telemetry: {{every: 300ms, topic: "t/${{device.id}}", payload: "${{msg.mark}}", qos: 1}}
  gates:
    count: 10
    profile: gate
    telemetry: {{every: 500ms, topic: "g/${{device.id}}", payload: "${{msg.seq}}", qos: 0}}
    subscribe: [{{filter: "g/#", qos: 1}}]
timeline:
  - {{do: connect, who: all, over: 1s}}
  - {{id: ask, at: 1500ms, do: command, who: {{fleet: gates}}, within: 500ms}}
  - {{id: cut, at: 2s, do: link_down, how: reset, who: {{percent: 50}}, for: 500ms}}
checks:
  - {{name: fast, expect: "p50(mqtt.publish.ack) < 1us"}}
  - {{name: connected, expect: "count(mqtt.connect.ack) >= 40"}}
  - {{name: no data, expect: "p99(mqtt.unsubscribe.ack) < 1s"}}
"""

PARTS_MAX = 20  # labels of devices would make far more series


class Place:
    def __init__(self, duration="3s"):
        self.directory = processes.Directory("formats")
        self.scenario = self.directory.file("formats.yaml", SCENARIO.format(duration=duration))
        self.out = os.path.join(self.directory.path, "out")

    def run(self, *more):
        return suite.muster("run", self.scenario, "--out", self.out, *more)

    def start(self, *more):
        return subprocess.Popen([suite.MUSTER, "run", self.scenario, "--out", self.out, *more], cwd=suite.ROOT,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def read(self, name):
        with open(os.path.join(self.out, name), encoding="utf-8") as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


_kept = []


def standard():
    """The place and the run of one scenario with failures of all kinds, made once."""
    if not _kept:
        place = Place()
        _kept.append((place, place.run("--json").expect(10)))
    return _kept[0]


# --- schemas ----------------------------------------------------------------------------------------------------------

def schema(document):
    return json.loads(suite.muster("schema", document).expect(0).stdout)


def closed(part):
    """The same schema without room for keys that it does not name: ours must name them all."""
    part = copy.deepcopy(part)
    stack = [*part["definitions"].values()] + ([] if "allOf" in part else [part])
    for shape in stack:
        shape["additionalProperties"] = False
    return part


def faults(validator, value):
    return [f"{'/'.join(map(str, e.path))}: {e.message[:300]}" for e in validator.iter_errors(value)]


@suite.case("the schemas are schemas, and as the tool says by default that of the language")
def _():
    pypi.need()
    import jsonschema
    for document in ("scenario", "summary", "events"):
        jsonschema.Draft7Validator.check_schema(schema(document))
    suite.equal(suite.muster("schema").expect(0).stdout, suite.muster("schema", "scenario").expect(0).stdout, "the default")
    suite.check("events" in suite.muster("schema", "event").expect(2).stderr, "what is meant is suggested")


@suite.case("summary.json has the keys of its schema and no others")
def _():
    pypi.need()
    import jsonschema
    place, _ = standard()
    summary = suite.summary(place.out)
    validator = jsonschema.Draft7Validator(closed(schema("summary")))
    suite.equal(faults(validator, summary), [], "departures")
    audit = summary["fleets"]["gates"]["messages"]
    suite.check(audit["received"] > audit["audited"] / 2, f"the observer got messages of both protocols: {audit}")
    for path, key in (((), "new"), (("tool",), "new"), (("fleets", "meters", "messages"), "new"), (("checks", 0), "new")):
        other = copy.deepcopy(summary)
        part = other
        for step in path:
            part = part[step]
        part[key] = 1
        suite.check(faults(validator, other), f"a key that has no row passes at {path}")
        suite.equal(faults(jsonschema.Draft7Validator(schema("summary")), other), [], "the schema that is printed leaves room for later keys")
    del summary["tool"]["lag_p999_ms"]
    suite.check(faults(validator, summary), "a missing key passes")


@suite.case("every line of events.ndjson has the members of its kind and no others")
def _():
    pypi.need()
    import jsonschema
    place, _ = standard()
    validator = jsonschema.Draft7Validator(closed(schema("events")))
    lines = [json.loads(line) for line in place.read("events.ndjson").splitlines()]
    kinds = {line["kind"] for line in lines}
    suite.check({"started", "group", "phase", "action", "state", "tally", "counters", "devices", "health", "anchor", "check",
                 "ended"} <= kinds, f"kinds of this run: {sorted(kinds)}")
    suite.equal(sorted(kinds - set(schema("events")["definitions"])), [], "kinds without a definition")
    for line in lines:
        suite.equal(faults(validator, line), [], f"departures of {line}")
    suite.check(faults(validator, {**lines[0], "new": 1}), "a member that has no row passes")


# --- stdout -----------------------------------------------------------------------------------------------------------

@suite.case("with --json stdout is summary.json and nothing else")
def _():
    place, run = standard()
    suite.equal(run.stdout, place.read("summary.json"), "stdout")


@suite.case("whatever verb takes --json prints one JSON document and nothing else")
def _():
    place, _ = standard()
    recorded = os.path.join(place.directory.path, "recorded")
    small = place.directory.file("small.yaml", "version: 1\nduration: 3s\ntarget: builtin\nfleets: {f: {count: 3}}\n")
    suite.muster("run", small, "--virtual", "--record", "all", "--out", recorded, "--quiet").expect(0)
    verbs = {"replay": [recorded], "plan": [place.scenario], "doctor": [place.scenario], "report": [place.out], "version": [],
             "compare": [place.out, "--force", "--", place.out], "capacity": None}  # a search takes minutes: it has tests of its own
    for verb in sorted(set(re.findall(r"^  ([a-z]+)", suite.muster("--help").stdout.split("\nVerbs:\n")[1].split("\n\n")[0], re.M))):
        takes = "--json" in suite.muster(verb, "--help").expect(0).stdout
        suite.check(not takes or verb in verbs or verb == "run", f"{verb} takes --json, and this case does not know it")
        if not takes or verbs.get(verb) is None:
            continue
        words = verbs[verb]
        run = suite.muster(verb, "--json", *words)
        decoder = json.JSONDecoder()
        value, end = decoder.raw_decode(run.stdout)
        suite.check(isinstance(value, dict) and not run.stdout[end:].strip(), f"muster {verb} --json prints {run.stdout[:200]!r}")


@suite.case("plan tells the size of the logs, and is not far off")
def _():
    place, _ = standard()
    plan = json.loads(suite.muster("plan", place.scenario, "--json").expect(0).stdout)
    written = sum(os.path.getsize(os.path.join(place.out, name)) for name in ("events.ndjson", "series.csv", "intervals.hlog"))
    suite.check(written * 0.7 < plan["log_bytes_estimate"] < written * 6,
                f"{plan['log_bytes_estimate']} bytes expected, {written} written")
    suite.check("of logs" in suite.muster("plan", place.scenario).expect(0).stdout, "the text tells it, too")
    warning = suite.muster("check", place.scenario, "--set", "duration=30day", "--set", "outputs.logs_max=16MiB", "--deny", "warnings")
    suite.check("W414" in warning.expect(3).stderr + warning.stdout, f"logs above their cap: {warning.stderr}{warning.stdout}")


# --- summary.md -------------------------------------------------------------------------------------------------------

HOSTILE = [
    r'{name: "</td><script>alert(1)</script><img src=x onerror=y>", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "a | b | [click](http://evil.example) ![x](y) `z` **w** $m$ ~~s~~", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "x\n\n# Verdict: PASS\n\n::error::y\n##[error]z\e[31m", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "http://evil.example www.evil.example <http://evil.example> @everyone", expect: "p50(mqtt.publish.ack) < 1us"}',
]


@suite.case("whatever a scenario is called, summary.md is the page that it should be")
def _():
    pypi.need()
    from markdown_it import MarkdownIt
    with Place() as place:
        with open(place.scenario, encoding="utf-8") as f:
            text = f.read()
        text = text.replace("name: formats", r'name: "</h1>[n](m)\n::error::n"')
        place.directory.file("formats.yaml", text + "".join(f"  - {check}\n" for check in HOSTILE))
        shown = place.run("--quiet").expect(10).stdout
        page = place.read("summary.md")
    suite.check(len(page.encode()) <= 64 << 10, "larger than it may be")
    for name, what in (("summary.md", page), ("the text at the end", shown)):
        suite.check(not re.search(r"^[ \t]*::|##(\w*)\[|\x1b", what, re.M), f"{name} has a command for CI servers or terminals")
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    suite.equal(sorted(kinds & {"html_block", "html_inline", "image", "code_inline", "em_open", "strong_open", "s_open", "fence"}), [], "markup")
    links = {child.attrs["href"] for child in inline if child.type == "link_open"}
    suite.equal(sorted(links - set(os.listdir(suite.ROOT)) - {"report.html", "junit.xml", "summary.json", "manifest.json",
                                                              "scenario.resolved.yaml"}), [], "links")
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    suite.check(len(titles) == 1 and titles[0].startswith("FAIL: "), f"titles: {titles}")
    rows = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in ("td_open", "th_open"):
            rows[-1] += 1
    suite.check(set(rows[:len(HOSTILE) + 4]) == {6}, f"columns of the checks' table: {rows}")
    suite.check("//evil" not in page.replace("\\://", ""), "an address that pages make a link of")
    suite.check("@everyone" not in page, "a name that is called")


# --- logs in parts ----------------------------------------------------------------------------------------------------

@suite.case("a log in parts reads as the log in one")
def _():
    place, _ = standard()
    parts = os.path.join(place.directory.path, "parts")
    shutil.copytree(place.out, parts)
    for name, head in (("events.ndjson", 0), ("series.csv", 1), ("intervals.hlog", 5)):
        lines = place.read(name).splitlines(True)
        suite.check(head == 0 or not lines[head - 1][0].isdigit(), f"the head of {name} has {head} lines")
        cuts = [head, len(lines) // 3, 2 * len(lines) // 3, len(lines)]
        for i in range(3):
            stem, extension = os.path.splitext(name)
            part = name if i == 0 else f"{stem}.{i}{extension}"
            with open(os.path.join(parts, part), "w", encoding="utf-8") as f:
                f.writelines(lines[:head] + lines[cuts[i]:cuts[i + 1]])
    whole, again = (os.path.join(place.directory.path, name) for name in ("whole", "again"))
    shutil.copytree(place.out, whole)
    for directory in (whole, parts):
        suite.muster("report", directory).expect(10)
    for name in ("summary.json", "junit.xml"):
        with open(os.path.join(whole, name), encoding="utf-8") as one, open(os.path.join(parts, name), encoding="utf-8") as other:
            suite.equal(other.read().replace(parts, "X"), one.read().replace(whole, "X"), name)


@suite.case("logs end at their cap, the verdicts are there, and the run says that it cannot be trusted")
def _():
    with Place() as place:
        fleets = "".join(f"  f{i}: {{{{count: 2, telemetry: {{{{every: 200ms, topic: t, payload: x, qos: 1}}}}}}}}\n" for i in range(150))
        text = re.sub(r"profiles:\n.*?fleets:\n.*?timeline:", "fleets:\n" + fleets + "timeline:", SCENARIO, flags=re.S)
        text = re.sub(r"observe: all\n|  - .*do: command.*\n", "", text)
        place.directory.file("formats.yaml", text.format(duration="8s"))
        run = place.run("--quiet", "--set", "outputs.logs_max=1MiB").expect(13)
        suite.check("grown to their cap (outputs.logs_max)" in run.stderr, run.stderr)
        written = sum(os.path.getsize(os.path.join(place.out, name)) for name in ("events.ndjson", "series.csv", "intervals.hlog"))
        suite.check(900 << 10 < written < 1300 << 10, f"{written} bytes of logs")
        last = [json.loads(line) for line in place.read("events.ndjson").splitlines()[-4:]]
        suite.equal([line["kind"] for line in last], ["check"] * 3 + ["ended"], "the last lines")
        suite.check("dropped" in json.dumps(suite.summary(place.out)["trust"]["findings"]), "the summary says why")


# --- the metrics endpoint ---------------------------------------------------------------------------------------------

def endpoint(child):
    """The URL that a run says on stderr."""
    for line in child.stderr:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", line)
        if found:
            return found.group(0), int(found.group(1))
    raise AssertionError("the run did not say where its metrics are")


def scrape(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        suite.equal(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "content type")
        return answer.read().decode()


def samples(text):
    from prometheus_client.parser import text_string_to_metric_families
    found, types = {}, {}
    for family in text_string_to_metric_families(text):
        types[family.name] = family.type
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            suite.check(key not in found, f"two series of one name: {key}")
            found[key] = sample.value
    return found, types


def total(found, name, **labels):
    return sum(value for (sample, pairs), value in found.items() if sample == name and set(labels.items()) <= set(pairs))


@suite.case("while a run goes on, a parser of Prometheus reads its metrics: few series, counters that only grow")
def _():
    pypi.need()
    with Place("6s") as place:
        child = place.start("--prometheus", "0")
        try:
            url, _ = endpoint(child)
            pages = []
            while child.poll() is None and len(pages) < 6:
                pages.append(scrape(url))
                time.sleep(1)
        finally:
            child.stderr.close()
            child.wait(30)
        first, (last, types) = samples(pages[0])[0], samples(pages[-1])
        suite.check(len(pages) >= 5, f"{len(pages)} pages")
        before = {}
        for page in pages:
            now, _ = samples(page)
            for key, value in before.items():
                if not key[0].startswith("muster_run_") and types.get(re.sub(r"_(total|bucket|count|sum)$", "", key[0])) in ("counter", "histogram"):
                    suite.check(now[key] >= value, f"{key} fell from {value} to {now[key]}")
            before = now
        summary = suite.summary(place.out)
        acked = total(last, "muster_operations_total", operation="mqtt.publish.ack", outcome="ok")
        suite.check(0 < acked <= summary["operations"]["mqtt.publish.ack"]["ok"], f"{acked} publishes acknowledged")
        suite.equal(total(last, "muster_response_seconds_count", operation="mqtt.publish.ack"), acked, "samples of the histogram")
        suite.equal(total(last, "muster_response_seconds_bucket", operation="mqtt.publish.ack", le="+Inf"), acked, "its last bucket")
        suite.equal(total(last, "muster_devices"), 40, "devices in all states")
        suite.equal({labels["fleet"] for (name, pairs), _ in last.items() if (labels := dict(pairs)) and "fleet" in labels},
                    {"meters", "gates"}, "fleets")
        suite.check(not any("device" in dict(pairs) for _, pairs in last), "no label names a device")
        series = {}
        for name, _ in last:
            series[name] = series.get(name, 0) + 1
        suite.check(max(n for name, n in series.items() if not name.endswith("_bucket")) <= PARTS_MAX * 2, f"series: {series}")
        suite.check(len(first) > 20, "the first page is there before the first second is over")


@suite.case("hostile requests to the endpoint harm nobody, and it is on loopback alone")
def _():
    with Place("4s") as place:
        child = place.start("--prometheus", "0")
        try:
            url, port = endpoint(child)
            with socket.socket() as elsewhere:
                elsewhere.settimeout(2)
                suite.check(elsewhere.connect_ex(("127.0.0.2", port)) != 0, "it answers at another address")
            idle = [socket.create_connection(("127.0.0.1", port), 2) for _ in range(30)]  # it takes 16, the rest queues
            for one in idle:
                one.close()
            for request in (b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 20000, b"\0" * 5000, b"GET " + b"/" * 100000,
                            b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                            b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"):
                with socket.create_connection(("127.0.0.1", port), 2) as one:
                    try:
                        one.sendall(request)
                    except OSError:
                        pass  # cut off half-way, as it should be
            for path in ("/", "/metrics/", "/../manifest.json", "/metrics?x=%00"):
                with socket.create_connection(("127.0.0.1", port), 5) as one:
                    one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                    answer = one.makefile("rb").read()
                suite.check(b"secret" not in answer and answer.startswith(b"HTTP/1.1 "), f"{path} answers {answer[:80]!r}")
            suite.check("muster_run_info" in scrape(url), "it still answers")
        finally:
            child.stderr.close()
            suite.equal(child.wait(30), 10, "exit code of the run")


@suite.case("a port that is taken, or no port, is said before anything is sent")
def _():
    with Place() as place, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = place.run("--prometheus", taken.getsockname()[1]).expect(4).stderr
        suite.check("in use" in answer, answer)
        suite.check("expected PORT" in place.run("--prometheus", "localhost").expect(2).stderr, "no port")
        suite.check(not os.path.exists(place.out), "no run directory was made")


try:
    suite.main()
finally:
    for kept, _ in _kept:
        kept.directory.close()
