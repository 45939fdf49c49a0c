"""muster doctor: need and have, exit codes, JSON; and the ceiling of this host in later runs."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

FLEET = """\
version: 1
name: {name}
seed: 1
target: {target}
duration: 2s
settle: 1s
trust: {{lag: 2s, stall: 2s, cpu: 100%}}
sources: {sources}
fleets:
  devices: {{count: {count}, telemetry: {{every: 1s, topic: "t/${{device.id}}", qos: 1}}}}
timeline:
  - {{do: connect, who: all, over: 500ms}}
"""


class Workplace:
    """A directory with a scenario, and a cache directory of its own."""

    def __init__(self, count=20, target="builtin", name="small", sources="[]"):
        self.directory = processes.Directory("doctor")
        self.scenario = self.directory.file("scenario.yaml", FLEET.format(count=count, target=target, name=name, sources=sources))
        self.cache = os.path.join(self.directory.path, "cache")

    def muster(self, *arguments):
        return suite.muster(*arguments, env={"XDG_CACHE_HOME": self.cache}, timeout=110)

    def requirements(self, *arguments, status=0):
        shown = json.loads(self.muster("doctor", *arguments, "--json").expect(status).stdout)
        return shown, {row["id"]: row for row in shown["requirements"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


@suite.case("every line has a mark, and what is not met a way out")
def _():
    with Workplace() as w:
        text = w.muster("doctor", w.scenario).expect(0).stdout
        suite.check(text.startswith(" ENOUGH  small "), text)
        for line in text.splitlines()[1:]:
            suite.check(re.match(r" [✓?!✗] \S|  {17}", line), f"line: {line!r}")
        shown, rows = w.requirements(w.scenario)
        suite.equal((shown["enough"], shown["scenario"]), (True, "small"), "result")
        suite.check({"descriptors", "local_ports", "memory", "cores", "disk", "clock"} <= set(rows), f"rows: {set(rows)}")
        for row in rows.values():
            suite.equal(row["fix"] is None, row["verdict"] == "met", f"a way out of {row}")


@suite.case("the plan decides: --devices and --target change the answer")
def _():
    with Workplace(target="mqtt://10.255.0.1:1883", sources="10.255.0.2") as w:
        w.muster("doctor", w.scenario).expect(0)
        text = w.muster("doctor", w.scenario, "--devices", "200000").expect(4).stdout
        suite.check(text.startswith(" NOT ENOUGH"), text)
        suite.check("need 20 source addresses" in text, text)
        shown, rows = w.requirements(w.scenario, "--devices", "200000", status=4)
        suite.equal((shown["enough"], rows["local_ports"]["verdict"]), (False, "short"), "verdict")
        w.muster("check", w.scenario, "--set", "fleets.devices.count=200000").expect(3)


@suite.case("a name that does not resolve is short")
def _():
    with Workplace(target="mqtt://name.invalid:1883") as w:
        _, rows = w.requirements(w.scenario, status=4)
        suite.equal((rows["names"]["verdict"], rows["names"]["fix"]), ("short", "getent hosts name.invalid"), "names")


@suite.case("--capacity measures and keeps, and later runs tell their headroom")
def _():
    with Workplace() as w:
        _, rows = w.requirements()
        suite.equal((rows["ceiling"]["verdict"], rows["ceiling"]["fix"]), ("unknown", "muster doctor --capacity"), "before")
        w.muster("doctor", "--capacity", w.scenario, "--max", "80", "--quiet").expect(0)
        files = os.listdir(os.path.join(w.cache, "muster"))
        suite.check(len(files) == 1 and re.fullmatch(r"ceiling-[0-9a-f]{8}\.json", files[0]), f"files: {files}")
        _, rows = w.requirements(w.scenario)
        suite.equal(rows["ceiling"]["verdict"], "met", "after")
        _, rows = w.requirements(w.scenario, "--devices", "400", status=4)
        suite.equal(rows["ceiling"]["verdict"], "short", "for five times the devices")
        run = os.path.join(w.directory.path, "run")
        text = w.muster("run", w.scenario, "--out", run, "--quiet").expect(0).stdout
        headroom = suite.summary(run)["tool"]["headroom"]
        suite.check(abs(headroom["factor"] - 4) < 0.5 and headroom["shape"] == "small", f"headroom: {headroom}")
        suite.check("times this load" in text, text)
        with open(os.path.join(run, "summary.md"), encoding="utf-8") as f:
            suite.check("\nHeadroom: this host can do " in f.read(), "no headroom in summary.md")


suite.main()
