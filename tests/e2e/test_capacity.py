"""muster capacity finds a known limit, and tells the generator's limit from the backend's."""
# time limit: 240 s
# alone

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

# A busy machine may delay the generator; the backend's limit is far below what any machine can make.
FLEET = """\
version: 1
name: capacity
seed: 3
target: {target}
duration: 3s
settle: 1s
trust: {{lag: 2s, stall: 2s, cpu: 100%}}
safety: {{max_outstanding_connects: 200{safety}}}
fleets:
  devices:
    count: {count}
    telemetry: {{every: {every}, topic: "t/${{device.id}}", payload: "random(32B)", qos: 1}}
timeline:
  - {{do: connect, who: all, over: 300ms}}
checks:
  - {{name: acknowledged in time, expect: p99(mqtt.publish.ack) < 150ms}}
"""


class Workplace:
    def __init__(self, target, count=1000, every="1s", safety=""):
        self.directory = processes.Directory("capacity")
        self.scenario = self.directory.file("scenario.yaml",
                                            FLEET.format(target=target, count=count, every=every, safety=safety))
        self.out = os.path.join(self.directory.path, "out")

    def arguments(self, *more):
        return ["capacity", self.scenario, "--out", self.out, "--pause", "100ms", *more]

    def run(self, *more):
        return suite.muster(*self.arguments(*more), timeout=110)

    def result(self):
        with open(os.path.join(self.out, "capacity.json"), encoding="utf-8") as f:
            return json.load(f)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


def within(found, expected, share, what):
    suite.check(abs(found - expected) <= share * expected, f"{what}: {found} is not within {share:.0%} of {expected}")


@suite.case("by devices: a broker throttled to 1500/s has its knee within 10 % of that")
def _():
    with brokers.Builtin("--misbehave", "throttle=1500/s") as broker, Workplace(broker.uri, count=1200) as w:
        text = w.run("--precision", "10%").expect(0).stdout
        result = w.result()
        suite.equal((result["end"], result["by"], result["complete"]), ("found", "devices", True), "end")
        within(result["knee"]["messages_per_s"], 1500, 0.1, "messages/s at the knee")
        within(result["knee"]["answered_per_s"], 1500, 0.1, "answered at the knee")
        suite.check(result["above"]["load"] <= result["knee"]["load"] * 1.1 + 1, f"{result['knee']} {result['above']}")
        suite.check("acknowledged in time" in result["above"]["reason"], "what broke first")
        suite.check(re.search(r"^ KNEE  \d+ devices  capacity", text, re.M), f"text: {text}")
        suite.check(" breaks " in text and "limit 150 ms" in text, f"text: {text}")
        suite.check(all(len(line) <= 80 or tempfile.gettempdir() in line for line in text.splitlines()), "lines are longer than a terminal")
        for step in result["steps"]:
            suite.check(os.path.exists(os.path.join(w.out, step["directory"], "summary.json")), f"no run for {step}")
        with open(os.path.join(w.out, "capacity.md"), encoding="utf-8") as f:
            suite.check("The checks hold up to **" in f.read(), "capacity.md")


@suite.case("by rate: the devices stay and the messages grow, and --json prints the result")
def _():
    with brokers.Builtin() as broker, Workplace(broker.uri, count=150) as w:
        shown = json.loads(w.run("--by", "rate", "--max", "3", "--step-duration", "2s", "--json").expect(0).stdout)
        suite.equal(shown, w.result(), "what is printed and what is written")
        suite.check(all(row["devices"] == 150 for row in shown["table"]), "the devices did not stay")
        suite.equal((shown["end"], shown["knee"]["load"]), ("at_max", 3), "end")
        within(shown["knee"]["messages_per_s"], 450, 0.1, "messages/s at three times the rate")


@suite.case("--max is an answer when nothing breaks, and --min when everything does")
def _():
    with brokers.Builtin() as broker, Workplace(broker.uri, count=200) as w:
        w.run("--max", "300", "--repeats", "1", "--step-duration", "1500ms").expect(0)
        suite.equal((w.result()["end"], w.result()["knee"]["load"]), ("at_max", 300), "end")
    with brokers.Builtin("--misbehave", "throttle=10/s") as broker, Workplace(broker.uri, count=200) as w:
        text = w.run("--min", "200", "--repeats", "1").expect(10).stdout
        suite.equal((w.result()["end"], w.result()["knee"]), ("none", None), "end")
        suite.check(text.startswith(" NOT MET"), f"text: {text}")


@suite.case("a load that is too small to be judged is not called too much")
def _():
    with brokers.Builtin() as broker, Workplace(broker.uri, count=5) as w:
        result = w.run("--step-duration", "1s").expect(3)
        suite.check("cannot be judged" in result.stderr and "--step-duration" in result.stderr, result.stderr)


@suite.case("what the generator holds back is not called the backend's limit: 13")
def _():
    with brokers.Builtin() as broker, Workplace(broker.uri, count=100, safety=", max_publish_rate: 150/s") as w:
        text = w.run("--precision", "95%", "--max", "190", "--repeats", "1").expect(13).stdout
        suite.equal(w.result()["end"], "tool_limit", "end")
        suite.check("AT LEAST" in text and "generator is the limit" in text, f"text: {text}")
        suite.check("safety limits held" in w.result()["above"]["reason"], w.result()["above"]["reason"])


@suite.case("a target that does not answer: 6, and nothing is claimed")
def _():
    with Workplace(f"mqtt://127.0.0.1:{processes.free_port()}", every="2min") as w:
        result = w.run().expect(6)
        suite.check("warning W407" in result.stderr, f"no warning that could be taken for the cause: {result.stderr}")
        suite.check(re.search(r"^error: .*refused$", result.stderr, re.M), f"stderr: {result.stderr}")
        suite.equal(result.stdout, "", "stdout")
        suite.check(not os.path.exists(w.out), "something was left behind")


@suite.case("Ctrl-C ends the run and the search, and what is known is written: 130")
def _():
    with brokers.Builtin() as broker, Workplace(broker.uri, count=100) as w:
        search = subprocess.Popen([suite.MUSTER, *w.arguments()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  cwd=suite.ROOT, start_new_session=True)
        first = os.path.join(w.out, "capacity.json")
        processes.wait_until(lambda: os.path.exists(first), 30, "a first result")
        os.killpg(search.pid, signal.SIGINT)
        text, _ = search.communicate(timeout=30)
        suite.equal(search.returncode, 130, "exit status")
        result = w.result()
        suite.equal((result["complete"], result["end"], result["exit_code"]), (False, "searching", 130), "result")
        suite.check(result["knee"]["load"] >= 100, f"knee: {result['knee']}")
        suite.check("INCOMPLETE" in text, f"text: {text}")


suite.main()
