"""The built-in broker serves mosquitto_pub and mosquitto_sub, in both versions, and counts what it misbehaves."""
# quick

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import suite

SERVER = os.path.join(suite.BUILD, "tests", "tools", "broker_server_main")
VERSIONS = ("311", "5")


class Clients:
    @staticmethod
    def missing():
        return None if shutil.which("mosquitto_sub") else "mosquitto-clients is not installed"


class Server:
    """The broker on a free port; `report` after the end is what it printed last."""

    def __init__(self, *settings):
        arguments = [SERVER, "--quiet"]
        for setting in settings:
            arguments += ["--set", setting]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.report = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.report is None:
            self.process.terminate()
            out, _ = self.process.communicate(timeout=20)
            self.report = json.loads(out.splitlines()[-1])
            suite.equal(self.process.returncode, 0, "exit status of the broker")
        return self.report

    def publish(self, *arguments, lines=None):
        suite.need(Clients)
        subprocess.run(["mosquitto_pub", "-p", str(self.port), *arguments], check=True, timeout=30, input=lines, text=True)

    def subscribe(self, *arguments):
        return Subscriber(self.port, arguments)


class Subscriber:
    """mosquitto_sub, subscribed when the constructor returns; messages as "topic payload qos retain"."""

    def __init__(self, port, arguments):
        suite.need(Clients)
        self.process = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(port), "-d", "-F", "MSG %t %p %q %r", "-W", "20",
                                         *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.early = []  # what a session had waiting comes before SUBACK
        for line in self.process.stdout:
            if line.startswith("Subscribed"):
                return
            if line.startswith("MSG "):
                self.early.append(line[4:].strip())
        raise AssertionError(f"mosquitto_sub {arguments} did not subscribe")

    def messages(self, count):
        found, self.early = self.early[:count], self.early[count:]
        while len(found) < count:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"mosquitto_sub ended after {found}")
            if line.startswith("MSG "):
                found.append(line[4:].strip())
        return found

    def end(self):
        """Without DISCONNECT."""
        self.process.kill()
        self.process.communicate(timeout=20)


@suite.case("every QoS arrives at the lower of both, in both versions")
def _():
    with Server() as s:
        for sub_version in VERSIONS:
            for granted in "012":
                sub = s.subscribe("-V", sub_version, "-t", "t/+", "-q", granted)
                for pub_version in VERSIONS:
                    for qos in "012":
                        s.publish("-V", pub_version, "-t", "t/x", "-q", qos, "-m", "hello")
                        suite.equal(sub.messages(1), [f"t/x hello {min(qos, granted)} 0"],
                                    f"{pub_version} QoS {qos} to {sub_version} QoS {granted}")
                sub.end()
        suite.equal(s.stop()["violations"], 0, "violations")


@suite.case("ten thousand messages of each QoS arrive in order")
def _():
    with Server() as s:
        for qos in "012":
            sub = s.subscribe("-V", "5", "-t", "many", "-q", qos)
            s.publish("-V", "5", "-t", "many", "-q", qos, "-l", lines="".join(f"{i}\n" for i in range(10000)))
            suite.check(sub.messages(10000) == [f"many {i} {qos} 0" for i in range(10000)], f"QoS {qos}: not all, or not in order")
            sub.end()


@suite.case("a payload of 5 MB arrives whole")
def _():
    payload = "x" * 5_000_000
    with Server() as s:
        sub = s.subscribe("-t", "big", "-q", "1")
        s.publish("-t", "big", "-q", "1", "-s", lines=payload)
        suite.check(sub.messages(1) == [f"big {payload} 1 0"], "another payload")
        sub.end()


@suite.case("retained messages are kept, replaced and removed")
def _():
    with Server() as s:
        for version in VERSIONS:
            s.publish("-V", version, "-r", "-t", "kept/a", "-m", "old")
            s.publish("-V", version, "-r", "-t", "kept/a", "-m", "new", "-q", "1")
            s.publish("-V", version, "-r", "-t", "kept/b", "-m", "other")
            sub = s.subscribe("-V", version, "-t", "kept/#", "-q", "1")
            suite.equal(sorted(sub.messages(2)), ["kept/a new 1 1", "kept/b other 0 1"], "retained")
            sub.end()
            s.publish("-V", version, "-r", "-t", "kept/a", "-n")
            sub = s.subscribe("-V", version, "-t", "kept/#", "-q", "1")
            s.publish("-V", version, "-t", "kept/end", "-m", "end")
            suite.equal(sub.messages(2), ["kept/b other 0 1", "kept/end end 0 0"], "after the removal")
            sub.end()


@suite.case("a will is published when its client dies")
def _():
    with Server() as s:
        for version in VERSIONS:
            watcher = s.subscribe("-V", version, "-t", "will/#", "-q", "1")
            dying = s.subscribe("-V", version, "-t", "x", "--will-topic", "will/a", "--will-payload", "gone", "--will-qos", "1")
            dying.end()
            suite.equal(watcher.messages(1), ["will/a gone 1 0"], "the will")
            watcher.end()
        suite.equal(s.stop()["wills"], 2, "wills")


@suite.case("a persistent session gets what came while it was away")
def _():
    with Server() as s:
        for version, more in (("311", []), ("5", ["-x", "3600"])):
            arguments = ["-V", version, "-i", f"away-{version}", "-c", *more, "-t", "q", "-q", "1"]
            s.subscribe(*arguments).end()
            s.publish("-V", version, "-t", "q", "-q", "1", "-l", lines="1\n2\n3\n")
            sub = s.subscribe(*arguments)
            suite.equal(sub.messages(3), ["q 1 1 0", "q 2 1 0", "q 3 1 0"], "what waited")
            sub.end()
        suite.equal(s.stop()["resumed"], 2, "resumed sessions")


@suite.case("a share group gets each message once")
def _():
    with Server() as s:
        subs = [s.subscribe("-V", "5", "-t", "$share/group/work", "-q", "1") for _ in range(2)]
        s.publish("-V", "5", "-t", "work", "-q", "1", "-l", lines="".join(f"{i}\n" for i in range(10)))
        found = subs[0].messages(5) + subs[1].messages(5)
        suite.equal(sorted(found), [f"work {i} 1 0" for i in range(10)], "messages of the group")
        for sub in subs:
            sub.end()
        suite.equal(s.stop()["delivered_qos1"], 10, "deliveries")


@suite.case("5.0 properties pass through")
def _():
    with Server() as s:
        sub = Subscriber(s.port, ["-V", "5", "-t", "p", "-q", "1", "-F", "MSG %p %C %R %D %P %E", "-D", "subscribe",
                                  "subscription-identifier", "7"])
        s.publish("-V", "5", "-t", "p", "-q", "1", "-m", "m", "-D", "publish", "content-type", "text/x",
                  "-D", "publish", "response-topic", "r/t", "-D", "publish", "correlation-data", "c0",
                  "-D", "publish", "user-property", "b", "2", "-D", "publish", "user-property", "a", "1",
                  "-D", "publish", "message-expiry-interval", "30")
        suite.equal(sub.messages(1), ["m text/x r/t c0 b:2 a:1 30"], "properties")
        sub.end()


@suite.case("a newer connection takes the identifier over")
def _():
    with Server() as s:
        first = s.subscribe("-V", "5", "-i", "same", "-t", "x")
        second = s.subscribe("-V", "5", "-i", "same", "-t", "y")
        first.end()
        second.end()
        suite.check(s.stop()["taken_over"] >= 1, "nothing was taken over")


@suite.case("what it dropped, doubled and reordered is what arrives, and what it says")
def _():
    with Server("drop=100", "duplicate=70", "reorder=30") as s:
        sub = s.subscribe("-t", "audit", "-t", "end", "-q", "1")
        s.publish("-t", "audit", "-q", "1", "-i", "p", "-l", lines="".join(f"{i}\n" for i in range(2000)))
        s.subscribe("-t", "x", "--will-topic", "end", "--will-payload", "-", "--will-qos", "1").end()  # wills do not count as messages
        found = []
        while not found or not found[-1].startswith("end"):
            found += sub.messages(1)
        numbers = [int(line.split()[1]) for line in found[:-1]]
        sub.end()
        did = {name: row["count"] for name, row in s.stop()["misbehave"].items()}
        seen, highest, doubled, reordered = set(), -1, 0, 0
        for n in numbers:
            doubled += n in seen
            reordered += n not in seen and n < highest
            seen.add(n)
            highest = max(highest, n)
        suite.equal({"drop": 2000 - len(seen), "duplicate": doubled, "reorder": reordered}, did, "what was found and what it says")


@suite.case("settings that do not exist are refused with a suggestion")
def _():
    done = suite.Run([SERVER, "--set", "qeue=3"]).expect(2)
    suite.check("queue" in done.stderr or "qeue" in done.stderr, done.stderr)


suite.main()
