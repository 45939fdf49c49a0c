"""What a person sees: the live block at a terminal of any width, lines elsewhere, the text at the end, errors, completion."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite
import terminal

UTF8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm", "NO_COLOR": None}
SCENARIO = """version: 1
name: face
target: builtin
seed: 7
duration: %s
settle: 1s
trust: {lag: 5s, stall: 5s} # what a busy machine does to latencies is not looked at here
fleets:
  thermostats: {count: 100, telemetry: {every: 200ms, topic: "t/${device.id}", qos: 1}}
timeline:
  - {id: everybody-in, do: connect, over: 1s}
checks:
  - {name: all came in, expect: ratio(mqtt.connect.ok) == 100%%}
  - {name: a wish, expect: p99(mqtt.publish.ack) < 1us, kind: info}
"""
VERDICT = re.compile(r"^ (PASS|FAIL|NOT TRUSTWORTHY|INCOMPLETE)  face +[0-9.]+s   seed 7$", re.M)


class Place:
    """A directory with a scenario of some seconds in it."""

    def __init__(self, duration="3s"):
        self.directory = processes.Directory("face")
        self.scenario = self.directory.file("face.yaml", SCENARIO % duration)
        self.runs = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()

    def command(self, *more):
        self.runs += 1
        return [suite.MUSTER, "run", self.scenario, "-o", self.directory.file(f"run{self.runs}"), *more]


def pictures(session):
    """The blocks that were drawn, one after the other: lists of lines without what erases."""
    blocks = re.split(r"(?:\r\x1b\[\d+A)", session.shown)
    return [[re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).rstrip("\r") for line in block.split("\n")[:4]] for block in blocks]


def at_once(*jobs):
    """Runs functions side by side and raises what the first of them raised."""
    errors = []

    def guarded(job):
        try:
            job()
        except BaseException as error:  # handed to the caller
            errors.append(error)
    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@suite.case("the live block fits terminals of 40, 80 and 200 columns, is redrawn in place and gone at the end")
def _():
    def one(place, command, columns):
        session = terminal.Session(command, columns, UTF8)
        drawn = [block for block in pictures(session) if any(" tool " in line for line in block)]
        suite.check(len(drawn) >= 2, f"{columns} columns: {len(drawn)} pictures: {session.shown!r}")
        for block in drawn:
            suite.equal([line.split()[0] for line in block[1:]], ["online", "traffic", "tool"], f"lines of {block}")
            suite.check(re.search(r"[█░]{8,} +\d+%", block[0]), f"bar and share: {block[0]!r}")
            suite.check("left" in block[0] or "100%" in block[0], f"{columns} columns, time left: {block[0]!r}")
            for line in block:
                suite.check(len(line) < columns, f"{len(line)} of {columns} columns: {line!r}")
        screen = session.screen(max(columns, 80))
        suite.check(VERDICT.search(screen.text()), f"the screen at the end: {screen.text()}")
        suite.check("traffic" not in screen.text(), f"the block is gone: {screen.text()}")
        suite.equal(session.before, session.after, "modes of the terminal")
    with Place() as place:
        at_once(*[lambda c=place.command(), w=w: one(place, c, w) for w in (40, 80, 200)])


@suite.case("stdout stays untouched by the progress: the result alone, or JSON")
def _():
    def text(command):
        session = terminal.Session(command, 80, UTF8, stdout="pipe")
        suite.check(VERDICT.search(session.stdout.decode()), f"stdout: {session.stdout!r}")
        suite.check(b"\x1b" not in session.stdout, "no colours in a pipe")
        suite.equal(session.screen().text().strip(), "", "what is left on the terminal")

    def quiet(command):
        session = terminal.Session(command, 80, UTF8, stdout="pipe")
        suite.equal(session.shown, "", "--quiet on the terminal")
        suite.check(session.stdout.startswith(b"{"), "JSON on stdout")
    with Place("2s") as place:
        at_once(lambda c=place.command(): text(c), lambda c=place.command("--quiet", "--json"): quiet(c))


@suite.case("colours are for terminals, and NO_COLOR and --no-color refuse them")
def _():
    def one(command, env, colored):
        session = terminal.Session(command, 80, env)
        suite.equal(session.screen().colors > 0, colored, f"colours of {command} {env}")
        suite.check("\x1b[" in session.shown, "the block is drawn in any case")
    with Place("2s") as place:
        at_once(lambda c=place.command(): one(c, UTF8, True), lambda c=place.command("--no-color"): one(c, UTF8, False),
                lambda c=place.command(): one(c, {**UTF8, "NO_COLOR": "1"}, False))


@suite.case("a dumb terminal, and what is no terminal, get one plain line every 10 s")
def _():
    def lines_of(text):
        return [line for line in text.replace("\r", "").splitlines() if " online " in line and "tool" in line]

    def dumb(command):
        session = terminal.Session(command, 80, {**UTF8, "TERM": "dumb"})
        suite.check("\x1b" not in session.shown, f"sequences: {session.shown!r}")
        suite.equal(len(lines_of(session.shown)), 1, f"lines in 12 s: {session.shown}")

    def piped(command):
        run = suite.Run(command, env={"LC_ALL": "C.UTF-8"})
        suite.check("\x1b" not in run.stderr + run.stdout, f"sequences: {run.stderr!r}")
        found = lines_of(run.stderr)
        suite.equal(len(found), 1, f"lines in 12 s: {run.stderr}")
        suite.check(re.match(r"10s of 12s   steady   online 100 of 100   \d+ msg/s   publish p99 \S+ +.*tool (OK|NOT TRUSTWORTHY)   lag p99.9 \S+   CPU \d+%$", found[0]), f"line: {found[0]}")
    with Place("12s") as place:
        at_once(lambda c=place.command(): dumb(c), lambda c=place.command(): piped(c))


@suite.case("a terminal that changes its width gets blocks of the new width")
def _():
    with Place("5s") as place:
        session = terminal.Session(place.command(), 100, UTF8, events={2.5: lambda s: terminal.resize(s.fd, 44)})
        widths = [max(map(len, block)) for block in pictures(session) if any(" tool " in line for line in block)]
        suite.check(widths[0] > 60 and widths[-1] < 44, f"widths: {widths}")


@suite.case("Ctrl-C says what happens, the second one leaves the terminal as it was")
def _():
    def one(command, times):
        session = terminal.Session(command, 80, UTF8, events={time: lambda s: s.type("\x03") for time in times})
        suite.equal(session.status, 130, f"exit status of {len(times)}")
        text = session.screen().text()
        suite.check("stopping" in text and (len(times) > 1 or " INCOMPLETE  face" in text), f"the screen: {text}")
        suite.check("\x1b[?" not in session.shown, "the cursor is never hidden")
        suite.equal(session.before, session.after, "modes of the terminal")
        suite.check(session.shown.endswith("\r\n") or session.shown.endswith("^C"), f"the last line is whole: {session.shown[-40:]!r}")
    with Place("30s") as place:
        at_once(lambda c=place.command(): one(c, [2.2]), lambda c=place.command(): one(c, [2.2, 2.7]))


@suite.case("without UTF-8 block and text are ASCII, with it they are not")
def _():
    def one(command, locale, sign):
        session = terminal.Session(command, 80, {**UTF8, "LC_ALL": locale})
        suite.equal(session.shown.isascii(), sign.isascii(), f"ASCII with LC_ALL={locale}")
        suite.check(f"{sign} all came in" in session.screen().text(), f"signs with {locale}: {session.shown}")
    with Place("2s") as place:
        at_once(lambda c=place.command(): one(c, "C", "+"), lambda c=place.command(): one(c, "C.UTF-8", "✓"))


@suite.case("the text at the end fits 80 columns, lines up, and ends with commands that work")
def _():
    with Place("2s") as place:
        done = suite.Run(place.command("--quiet"), env={"LC_ALL": "C.UTF-8"}).expect(0)
        lines = done.stdout.splitlines()
        for line in lines:
            if not line.lstrip().startswith("open ") and place.directory.path not in line:
                suite.check(len(line) <= 80, f"{len(line)} columns: {line}")
        labels = [line[1:9].strip() for line in lines if line[1:9].strip()]
        suite.equal([l for l in labels if l in ("checks", "fleet", "messages", "latency", "tool", "next", "again")],
                    ["checks", "fleet", "messages", "latency", "tool", "next", "again"], "lines, in order")
        header = next(line for line in lines if line.startswith(" latency"))
        row = next(line for line in lines if "publish→ack" in line)
        values = row.split()
        for column, value in zip(("p50", "p99", "p99.9", "max", "service p99"), values[1:]):
            suite.check(row.find(value, header.find(column) + len(column) - len(value)) + len(value) == header.find(column) + len(column),
                        f"{column} stands above its values: {header!r} {row!r}")
        report = re.search(r"^ next +open (\S+)$", done.stdout, re.M).group(1)
        suite.check(os.path.exists(report), f"{report} is not there")
        again = re.search(r"^ again +((?:.* \\\n)*.*)$", done.stdout, re.M).group(1).replace("\\\n", " ").split()
        suite.equal((again[0], again[1], again[-2:]), ("muster", "run", ["--seed", "7"]), "the command that repeats it")


@suite.case("plans and explanations are folded at a terminal, and whole elsewhere")
def _():
    for words in (["explain", "fleets.*.telemetry"], ["plan", "scenarios/quickstart.yaml"]):
        whole = suite.muster(*words, env={"LC_ALL": "C.UTF-8"}).expect(0).stdout
        session = terminal.Session([suite.MUSTER, *words], 50, UTF8)
        suite.check(max(map(len, whole.splitlines())) > 60, f"{words}: nothing to fold in {whole}")
        shown = session.shown.replace("\r", "")
        if words[0] == "explain": # a plan has a seed and hashes of its own each time
            suite.equal(shown.split(), whole.split(), "the words")
        suite.equal([line for line in shown.splitlines() if len(line) > 50 and " " in line.strip()], [], "lines that are too wide")


@suite.case("who waits is told what for")
def _():
    with Place("1s") as place:
        begun = suite.Run(place.command("--start-at", f"@{int(time.time()) + 2}"))
        suite.check(re.search(r"^muster: the run begins in [12]s$", begun.stderr, re.M), begun.stderr)
        absent = suite.Run(place.command("--target", "mqtt://127.0.0.1:1", "--wait", "1s")).expect(6)
        suite.check("muster: the target has up to 1s to answer\n" in absent.stderr, absent.stderr)


@suite.case("what the host was measured to carry stands in the text at the end, and in no text before")
def _():
    with Place("2s") as place:
        cache = {"LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": place.directory.path}
        before = suite.Run(place.command("--quiet"), env=cache)
        with open(place.directory.file("run1/manifest.json"), encoding="utf-8") as f:
            manifest = json.load(f)
        os.mkdir(place.directory.file("muster"))
        measured = {name: manifest["host"][name] for name in ("kernel", "cpu", "cores")}
        place.directory.file("muster/ceiling.json", json.dumps(
            {"schema": 1, "shape": "QoS 1 fleet", "messages_per_s": 5000, "connects_per_s": 2000, "devices": 10000,
             "version": manifest["version"], "measured_unix_s": 1795000000, **measured}))
        after = suite.Run(place.command("--quiet"), env=cache)
        suite.check(" headroom" not in before.stdout, f"before: {before.stdout}")
        suite.check(re.search(r"^ headroom this host can do \d+(\.\d)? times this load", after.stdout, re.M), f"after: {after.stdout}")


@functools.lru_cache(None)
def verbs():
    return re.findall(r"^  ([a-z]+)(?: |$)", suite.muster("--help").expect(0).stdout.split("\nVerbs:\n")[1].split("\n\n")[0], re.M)


@functools.lru_cache(None)
def options_of(verb):
    return set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", suite.muster(verb, "--help").expect(0).stdout, re.M))


WRONG = [[], ["rnu"], ["-x"], ["run"], ["run", "a.yaml", "--sed", "7"], ["run", "a.yaml", "--seed", "abc"], ["run", "a.yaml", "-n", "0"],
         ["run", "a.yaml", "--shard", "3/2"], ["run", "a.yaml", "--wait", "5"], ["run", "a.yaml", "--start-at", "tomorrow"],
         ["run", "a.yaml", "--start-at", "@1"], ["run", "no-such.yaml"], ["check"], ["check", "a.yaml", "--deny", "errors"],
         ["check", "a.yaml", "--error-format", "xml"], ["check", "/"], ["check", "a.yaml", "--set", "x"], ["check", "a.yaml", "--unset", "x.y"],
         ["check", "a.yaml", "--target", "localhost"], ["plan", "a.yaml", "--device", "100"], ["plan", "a.yaml", "--json=yes"],
         ["explain"], ["explain", "keepalvie"], ["explain", "a", "b"], ["schema", "a", "b"], ["schema", "nothing"], ["init"], ["init", "qickstart"],
         ["init", "nothing"], ["init", "quickstart"], ["backend", "--listen", "here"], ["backend", "--set", "queu=1"],
         ["backend", "--misbehave", "dorp=1"], ["backend", "--listen", "192.0.2.1:1"], ["completion", "tcsh"], ["version", "1"],
         ["run", "a.yaml", "--target", "mqtt://127.0.0.1:1"], ["run", "a.yaml", "--target", "mqtt://no-such.invalid"],
         ["run", "a.yaml", "--target", "mqtt://8.8.8.8"], ["run", "a.yaml", "-o", "/proc/no"], ["run", "a.yaml", "-o", "used"],
         ["report"], ["report", "no-such-run"], ["compare", "no-such", "run"], ["doctor", "no-such.yaml"], ["capacity"], ["capacity", "no-such.yaml"]]
FINDING = re.compile(r"^[^ ].*: (error|warning) [EW]\d{3}: ")


@suite.case("every error has one form, and ends with a next step that exists")
def _():
    place = processes.Directory("face")
    try:
        place.file("a.yaml", SCENARIO % "1s")
        place.file("quickstart.yaml", "mine")
        os.mkdir(place.file("used"))
        place.file("used/summary.json", "{}")
        for words in WRONG:
            run = suite.Run([suite.MUSTER, *words], cwd=place.path)
            lines = run.stderr.splitlines()
            shown = f"muster {' '.join(words)}: exit {run.status}\n{run.stderr}"
            suite.check(run.status in (2, 3, 4, 5, 6), shown)
            suite.equal(run.stdout, "", f"stdout of {shown}")
            suite.check(len(lines) >= 2 and (lines[-2].startswith("error: ") or any(FINDING.match(line) for line in lines)), shown)
            suite.check(lines[-1].startswith("hint:  "), shown)
            suite.check(not re.search(r"[\x00-\x08\x0b-\x1f]", run.stderr), shown)
            for verb, rest in re.findall(r"\bmuster ([a-z]+)((?: --[a-z-]+)*)", lines[-1]):
                suite.check(verb in verbs(), f"the hint names a verb that is not there: {shown}")
                suite.check(set(rest.split()) <= options_of(verb), f"the hint names an option that is not there: {shown}")
    finally:
        place.close()


# --- completion ---------------------------------------------------------------------------------------------------------


def need_program(name):
    if shutil.which(name):
        return
    if os.environ.get("CI") == "true":
        raise AssertionError(f"{name} is not installed")
    raise suite.Skip(f"{name} is not installed")


class Words:
    """A directory in which `muster` is the program under test and the completion of a shell is a file."""

    def __init__(self, shell):
        self.place = processes.Directory("face")
        self.script = self.place.file("completion", suite.muster("completion", shell).expect(0).stdout)
        os.symlink(suite.MUSTER, self.place.file("muster"))
        self.place.file("first.yaml", "")
        self.place.file("second.yml", "")
        self.place.file("notes.txt", "")
        os.mkdir(self.place.file("run-1"))
        self.env = {**os.environ, "PATH": self.place.path + ":" + os.environ["PATH"], "HOME": self.place.path}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.place.close()

    def ask(self, *command):
        done = subprocess.run(command, cwd=self.place.path, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              check=False)
        suite.equal((done.returncode, done.stderr), (0, ""), f"{command}")
        return done.stdout.split()


QUESTIONS = [  # the words so far, the last one unfinished; what is offered; what is not
    (["muster", "r"], {"run"}, {"plan"}),
    (["muster", "help", "sch"], {"schema"}, {"run"}),
    (["muster", "run", "--ta"], {"--target"}, {"--device"}),
    (["muster", "run", "f"], {"first.yaml"}, {"notes.txt"}),
    (["muster", "run", ""], {"first.yaml", "second.yml"}, {"notes.txt"}),
    (["muster", "run", "first.yaml", "--file", "s"], {"second.yml"}, {"first.yaml"}),
    (["muster", "check", "--error-format", "g"], {"gcc", "github"}, {"text"}),
    (["muster", "check", "--deny", ""], {"warnings"}, set()),
    (["muster", "init", "s"], {"storm"}, {"ci"}),
    (["muster", "completion", ""], {"bash", "zsh", "fish"}, set()),
    (["muster", "explain", "mqtt.publish.a"], {"mqtt.publish.ack"}, {"online"}),
]


@suite.case("bash completes verbs, options, values, scenarios and names")
def _():
    need_program("bash")
    with Words("bash") as words:
        asked = QUESTIONS + [(["muster", "check", "--error-format", "=", "j"], {"json"}, {"text"}),
                             (["muster", "run", "--seed", ""], set(), {"first.yaml"}), (["muster", "version", "f"], set(), {"first.yaml"})]
        for line, offered, others in asked:
            script = f"source {words.script}; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _muster; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            found = set(words.ask("bash", "-c", script, "bash", *line))
            suite.check(offered <= found and not others & found, f"{line}: {sorted(found)}")
        for verb in verbs():
            script = f"source {words.script}; COMP_WORDS=(muster {verb} -); COMP_CWORD=2; _muster; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            found = {word for word in words.ask("bash", "-c", script) if word.startswith("--")}
            suite.equal(found, options_of(verb), f"options of {verb}")


@suite.case("fish completes the same")
def _():
    need_program("fish")
    with Words("fish") as words:
        for line, offered, others in QUESTIONS:
            script = f"source {words.script}; complete -C '{' '.join(line)}' | cut -f 1"
            found = set(words.ask("fish", "--no-config", "-c", script))
            suite.check(offered <= found and not others & found, f"{line}: {sorted(found)}")
        every = "; ".join(f"echo {verb}; complete -C 'muster {verb} --' | cut -f 1" for verb in verbs())
        found = words.ask("fish", "--no-config", "-c", f"source {words.script}; {every}")
        wanted = [word for verb in verbs() for word in (verb, *sorted(options_of(verb)))]
        suite.equal(found, wanted, "options of every verb")


@suite.case("zsh loads its completion, which gives every verb and option to _arguments")
def _():
    need_program("zsh")
    with Words("zsh") as words:
        suite.equal(words.ask("zsh", "-f", "-n", words.script), [], "syntax")
        stubs = ("compdef() { }; _describe() { print -l -- ${(P)2%%:*}; }; _arguments() { print -l -- $@; }; ")
        for verb in verbs():
            script = f"{stubs} source {words.script}; words=(muster {verb} ''); CURRENT=3; _muster"
            found = set(re.findall(r"--[a-z][a-z-]*", " ".join(words.ask("zsh", "-f", "-c", script))))
            suite.equal(sorted(options_of(verb) - found), [], f"{verb}: options that are not offered")
        offered = words.ask("zsh", "-f", "-c", f"{stubs} source {words.script}; words=(muster ''); CURRENT=2; _muster")
        suite.equal(offered, verbs(), "verbs")


@suite.case("an installed program has its manual page and its completions")
def _():
    with Words("bash") as words:
        to = words.place.file("installed")
        suite.Run([os.path.join(suite.ROOT, "scripts/install"), suite.MUSTER, to], cwd=suite.ROOT).expect(0)
        for name in ("bin/muster", "share/man/man1/muster.1", "share/bash-completion/completions/muster", "share/zsh/site-functions/_muster",
                     "share/fish/vendor_completions.d/muster.fish", "share/muster/profiles/networks/cellular.yaml"):
            suite.check(os.path.getsize(os.path.join(to, name)) > 0, f"{name} is empty")
        explained = suite.Run([os.path.join(to, "bin/muster"), "explain", "ltem"], cwd="/").expect(0).stdout
        suite.check("profiles/networks/cellular.yaml" in explained, explained)


suite.main()
