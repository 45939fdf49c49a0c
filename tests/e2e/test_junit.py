"""junit.xml as CI servers read it: against a schema of our own, with a reader from PyPI, and by the rules that GitLab and Jenkins apply."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import pypi
import suite

SCHEMA = os.path.join(suite.ROOT, "tests", "data", "junit.xsd")
GITLAB_FILE_MAX = 30 << 20

SCENARIO = """\
version: 1
name: {name}
seed: 7
target: builtin
duration: {duration}
settle: 2s
trust: {{lag: {lag}, stall: {lag}}}
fleets:
  devices:
    count: 20
    telemetry: {{every: 200ms, topic: "t/${{device.id}}", payload: "${{msg.seq}}", qos: 1}}
timeline:
  - {{do: connect, who: all, over: 500ms}}
  - {{id: cut, at: 1s, do: link_down, how: reset, who: {{count: 5}}, for: 200ms}}
checks:
{checks}
"""

CHECKS = [
    '{name: everybody connects, expect: "count(mqtt.connect.ack) >= 20"}',
    '{name: impossible, expect: "p50(mqtt.publish.ack) < 1us"}',
    '{name: nothing to measure, expect: "p99(mqtt.unsubscribe.ack) < 1s"}',
    '{name: for the record, expect: "p50(mqtt.publish.ack) < 1us", kind: info}',
    '{name: by the book, expect: "count(mqtt.violation) == 0", kind: conformance}',
]
OUTCOMES = {"everybody connects": "passed", "impossible": "failure", "nothing to measure": "failure", "for the record": "skipped",
            "by the book": "passed", "tool.health": "passed"}

HOSTILE = [
    '{name: "twice", expect: "count(mqtt.connect.ack) >= 20"}',
    '{name: "twice", expect: "count(mqtt.connect.ack) >= 19"}',
    '{name: "twice (2)", expect: "count(mqtt.connect.ack) >= 18"}',
    '{name: "tool.health", expect: "count(mqtt.connect.ack) >= 17"}',
    r'{name: "a\nb", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "a b", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "</failure>]]>&amp;<script>\e[31m\x01\uFFFE", expect: "p50(mqtt.publish.ack) < 1us"}',
    r'{name: "::error::x", expect: "p50(mqtt.publish.ack) < 1us"}',
    '{name: "[[ATTACHMENT|/etc/passwd]]", expect: "p50(mqtt.publish.ack) < 1us"}',
    '{name: "%s", expect: "p50(mqtt.publish.ack) < 1us"}' % ("long " * 200),
]


class Place:
    """A directory with a scenario; each run gets a directory of its own, named from there as in a CI job."""

    def __init__(self, checks, name="storm", duration="2s", lag="10s"):
        self.directory = processes.Directory("junit")
        self.directory.file("ci.yaml", SCENARIO.format(name=name, duration=duration, lag=lag,
                                                       checks="\n".join("  - " + check for check in checks)))

    def run(self, status, out="out"):
        suite.Run([suite.MUSTER, "run", "ci.yaml", "--out", out, "--quiet"], cwd=self.directory.path).expect(status)
        return self.file(out)

    def file(self, out="out"):
        return self.directory.file(os.path.join(out, "junit.xml"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


def cases(path):
    """What any reader sees: (classname, name, outcome, content, output) of each case."""
    found = []
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        outcome = next((c for c in case if c.tag != "system-out"), None)
        found.append((case.get("classname"), case.get("name"), "passed" if outcome is None else outcome.tag,
                      "" if outcome is None else outcome.text, case.findtext("system-out") or ""))
    return found


def keeps_to_schema(path):
    if not shutil.which("xmllint"):
        raise suite.Skip("xmllint is not installed (libxml2-utils)")
    suite.Run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, path]).expect(0)


def gitlab(path):
    """What GitLab keeps: the first case of each name, with its suite, status and what it shows of it."""
    suite.check(os.path.getsize(path) < GITLAB_FILE_MAX, "larger than GitLab takes")
    kept = {}
    for classname, name, outcome, content, output in cases(path):
        attachment = re.search(r"\[\[ATTACHMENT\|(?P<path>.+?)\]\]", output)
        kept.setdefault(name, {"suite": classname, "outcome": outcome, "output": content or output,
                               "attachment": attachment and attachment.group("path")})
    return kept


def jenkins(path):
    """The tree that Jenkins builds: {package: {class: {name: outcome}}}."""
    tree = {}
    for classname, name, outcome, _, _ in cases(path):
        package, _, short = classname.rpartition(".")
        tree.setdefault(package, {}).setdefault(short, {})[name] = outcome
    return tree


_kept = []


def standard():
    """The place and junit.xml of one run of CHECKS and HOSTILE, made once."""
    if not _kept:
        place = Place(CHECKS + HOSTILE)
        _kept.append((place, place.run(10)))
    return _kept[0]


@suite.case("checks that pass, fail, have no data or inform give the cases that they should, and keep to the schema")
def _():
    with Place(CHECKS) as place:
        path = place.run(10)
        suite.equal({name: outcome for _, name, outcome, _, _ in cases(path)}, OUTCOMES, "cases")
        keeps_to_schema(path)


@suite.case("the schema refuses what servers would lose or not show")
def _():
    with Place(CHECKS) as place:
        path = standard()[1]
        keeps_to_schema(path)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for what, broken in {"two equal names": text.replace('name="impossible"', 'name="everybody connects"'),
                             "no reproduce command": text.replace("again: muster", "muster"),
                             "a class name without a package": text.replace('classname="storm.checks"', 'classname="checks"'),
                             "an unknown element": text.replace("<system-out>", "<stdout>").replace("</system-out>", "</stdout>")}.items():
            suite.check(broken != text, f"{what}: nothing was changed")
            other = place.directory.file("broken.xml", broken)
            suite.check(suite.Run(["xmllint", "--nonet", "--noout", "--schema", SCHEMA, other]).status != 0, f"the schema takes {what}")


@suite.case("a reader from PyPI finds the same cases")
def _():
    pypi.need()
    import junitparser
    path = standard()[1]
    found = junitparser.JUnitXml.fromfile(path)
    tests = [case for one in found for case in one]
    kinds = {junitparser.Failure: "failure", junitparser.Error: "error", junitparser.Skipped: "skipped"}
    outcomes = {case.name: kinds[type(case.result[0])] if case.result else "passed" for case in tests}
    suite.equal({name: outcomes[name] for name in OUTCOMES}, OUTCOMES, "outcomes")
    suite.equal([(case.classname, case.name, outcomes[case.name]) for case in tests], [c[:3] for c in cases(path)], "cases in order")
    one = next(iter(found))
    counts = [list(outcomes.values()).count(kind) for kind in ("failure", "error", "skipped")]
    suite.equal([one.tests, one.failures, one.errors, one.skipped], [len(tests), *counts], "numbers of the suite")
    suite.check(abs(sum(case.time for case in tests) - one.time) < 0.01, "the times of the cases add up to the suite's")
    for case in tests:
        for result in case.result:
            suite.equal(result.text.splitlines()[0].replace("\t", " "), result.message, f"first line and message of {case.name}")


@suite.case("GitLab shows expected and observed, the command and the report, and loses no case")
def _():
    place, path = standard()
    shown = gitlab(path)
    suite.equal(len(shown), len(CHECKS) + len(HOSTILE) + 1, "cases that are left of those written")
    one = shown["impossible"]
    suite.equal(one["suite"], "storm.checks", "suite")
    lines = one["output"].splitlines()
    suite.check(re.fullmatch(r"expected p50\(mqtt\.publish\.ack\) < 1us, observed [\d.]+(us|ms)", lines[0]), f"first line: {lines[0]}")
    suite.equal(lines[1], "again: muster run ci.yaml --seed 7", "second line")
    suite.equal(lines[2], "results: out", "third line")
    suite.check("no data" in shown["nothing to measure"]["output"], f"without data: {shown['nothing to measure']}")
    for name in ("impossible", "tool.health", "[[ATTACHMENT|/etc/passwd]]"):
        attachment = shown[name]["attachment"]
        suite.equal(attachment, "out/report.html", f"attachment of {name}")
        suite.check(os.path.exists(place.directory.file(attachment)), f"{attachment} is there")


@suite.case("Jenkins makes one package of a run, whatever the scenario is called")
def _():
    with Place(CHECKS, name='"eu.west, 100k. storm"') as place:
        tree = jenkins(place.run(10))
        suite.equal(sorted(tree), ["eu_west, 100k_ storm"], "packages")
        suite.equal(sorted(tree["eu_west, 100k_ storm"]), ["checks", "tool"], "classes")
        suite.equal(tree["eu_west, 100k_ storm"]["tool"], {"tool.health": "passed"}, "cases of the tool")


@suite.case("names that would break XML, terminals or uniqueness come through harmless")
def _():
    with Place(HOSTILE, name=r'"</testsuite>\e]0;x\x07"') as place:
        path = place.run(10)
        names = [name for _, name, _, _, _ in cases(path)]
        suite.equal(names[:4], ["twice", "twice (2)", "twice (2) (2)", "tool.health (2)"], "names that were not unique")
        suite.equal(names[4:6], ["a b", "a b (2)"], "names that a parser makes equal")
        suite.equal(len(set(names)), len(HOSTILE) + 1, "names")
        suite.check("\\x1B[31m\\x01" in names[6] and "<script>" in names[6], f"control characters are text: {names[6]!r}")
        suite.check(len(names[9]) <= 301, "a long name is cut")
        keeps_to_schema(path)


@suite.case("cases have the same names in the same order in every run")
def _():
    place, path = standard()
    suite.equal([c[:2] for c in cases(place.run(10, "again"))], [c[:2] for c in cases(path)], "classname and name")


@suite.case("in a run that cannot be trusted nothing passes")
def _():
    with Place(CHECKS) as place:
        path = place.directory.file("ci.yaml")
        with open(path, encoding="utf-8") as f:
            text = f.read().replace("trust: {lag: 10s, stall: 10s}\n", "")
        text = text.replace("duration: 2s", "duration: 5s")
        place.directory.file("ci.yaml", text)
        child = subprocess.Popen([suite.MUSTER, "run", "ci.yaml", "--out", "out", "--quiet"], cwd=place.directory.path,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.reach(place.directory.file("out"), 1)
        child.send_signal(signal.SIGSTOP)  # a stall of the tool itself
        time.sleep(1)
        child.send_signal(signal.SIGCONT)
        suite.equal(child.wait(processes.PATIENCE), 13, "exit code")
        found = {name: outcome for _, name, outcome, _, _ in cases(place.file())}
        suite.equal(found["tool.health"], "error", "tool.health")
        suite.check("passed" not in found.values(), f"something passed: {found}")
        keeps_to_schema(place.file())


@suite.case("in a run that was interrupted nothing passes")
def _():
    with Place(CHECKS, duration="60s") as place:
        child = subprocess.Popen([suite.MUSTER, "run", "ci.yaml", "--out", "out", "--quiet"], cwd=place.directory.path,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.reach(place.directory.file("out"), 1)
        child.send_signal(signal.SIGINT)
        suite.equal(child.wait(processes.PATIENCE), 130, "exit code")
        found = {name: outcome for _, name, outcome, _, _ in cases(place.file())}
        suite.equal(found["tool.health"], "error", "tool.health")
        suite.check("passed" not in found.values(), f"something passed: {found}")
        keeps_to_schema(place.file())


try:
    suite.main()
finally:
    for kept, _ in _kept:
        kept.directory.close()
