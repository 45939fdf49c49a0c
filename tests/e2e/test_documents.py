"""What the program says about itself, what docs/ says about it, and what it takes: one table, so one answer."""
# quick

import glob
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

OPTION_LINE = re.compile(r"^  (?:(-\w), |    )(--[a-z-]+)(?: (\S+))?(?:  |$)", re.M)
DOCUMENT_ROW = re.compile(r"^\| (?:`(-\w)`, )?`(--[a-z-]+)(?: (\S+))?` \| ", re.M)
EXIT_LINE = re.compile(r"^ +(\d+)  (.*)$", re.M)
EXIT_ROW = re.compile(r"^\| (\d+) \| (.*) \|$", re.M)


def read(path):
    with open(os.path.join(suite.ROOT, path), encoding="utf-8") as f:
        return f.read()


def rows(pattern, text):
    return sorted(tuple(group or "" for group in row) for row in pattern.findall(text))


def sections():
    """{verb: its section of docs/command-line.md}"""
    parts = re.split(r"^## muster (\w+)$", read("docs/command-line.md").split("\n## Exit codes")[0], flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def verbs_of_help():
    text = suite.muster("--help").expect(0).stdout
    return re.findall(r"^  ([a-z]+)(?: |$)", text.split("\nVerbs:\n")[1].split("\n\n")[0], re.M)


@suite.case("the verbs of --help, of the document and of its list are the same, in one order")
def _():
    verbs = verbs_of_help()
    suite.check(len(verbs) >= 8, f"verbs found in --help: {verbs}")
    suite.equal(list(sections()), verbs, "sections")
    suite.equal(re.findall(r"^\| \[`(\w+)`\]", read("docs/command-line.md"), re.M), verbs, "rows of the list")


@suite.case("every verb's --help and the document list the same options with the same arguments")
def _():
    for verb, section in sections().items():
        found = rows(OPTION_LINE, suite.muster(verb, "--help").expect(0).stdout)
        suite.equal(found, rows(DOCUMENT_ROW, section), f"options of {verb}")
        suite.check(("-h", "--help", "") in found, f"{verb} --help names itself")


@suite.case("the program takes every option that it lists, and no other verb's")
def _():
    listed = {verb: {row[1]: row[2] for row in rows(DOCUMENT_ROW, section)} for verb, section in sections().items()}
    for verb in listed:
        for option in sorted(set().union(*listed.values())):
            # a flag is refused a value, others are refused none; what is unknown is said to be so
            answer = suite.muster(verb, option + "=" if listed[verb].get(option) == "" else option).expect(2).stderr
            unknown = f"has no option {option}" in answer
            suite.equal(unknown, option not in listed[verb], f"muster {verb} {option} is unknown: {answer!r}")


@suite.case("examples of the help name files that exist and options that the verb has")
def _():
    for verb, section in sections().items():
        options = {row[1] for row in rows(DOCUMENT_ROW, section)} | {row[0] for row in rows(DOCUMENT_ROW, section)}
        for line in section.split("```")[1].strip().splitlines():
            suite.check(line.startswith(f"muster {verb}"), f"example of {verb}: {line}")
            for word in line.split(" && ")[0].split():
                suite.check(not word.startswith("-") or word in options | {"--"}, f"{line}: {word}")
                suite.check(not word.startswith("scenarios/") or glob.glob(os.path.join(suite.ROOT, word)), f"{line}: {word}")


@suite.case("exit codes are the same in --help, in the document and in the README")
def _():
    documented = EXIT_ROW.findall(read("docs/command-line.md").split("## Exit codes")[1])
    suite.equal(EXIT_LINE.findall(suite.muster("--help").expect(0).stdout.split("Exit codes:")[1]), documented, "codes of --help")
    suite.equal(EXIT_ROW.findall(read("README.md")), documented, "codes of the README")


@suite.case("the manual page has the verbs, options, exit codes and variables of help and document, and no mistake")
def _():
    page = read(os.path.join(suite.BUILD, "muster.1"))
    plain = page.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")
    parts = re.split(r"^\.SS muster (\w+).*$", plain.split("\n.SH ENVIRONMENT")[0], flags=re.M)
    suite.equal(parts[1::2], list(sections()), "verbs")
    option = re.compile(r"^\.TP\n(?:\\fB(-\w)\\fR, )?\\fB(--[a-z-]+)\\fR(?: \\fI(\S+)\\fR)?$", re.M)
    for verb, part in zip(parts[1::2], parts[2::2]):
        suite.equal(rows(option, part), rows(DOCUMENT_ROW, sections()[verb]), f"options of {verb}")
    tail = read("docs/command-line.md").split("\n## Exit codes")[1]
    suite.equal(re.findall(r"^\.TP\n\\fB(\d+)\\fR$", plain, re.M), [code for code, _ in EXIT_ROW.findall(tail)], "exit codes")
    suite.equal(re.findall(r"^\.TP\n\\fB([A-Z_, ]+)\\fR$", plain, re.M), re.findall(r"^\| `([A-Z_, ]+)` \| ", tail, re.M), "variables")
    for checker in (["mandoc", "-Tlint", "-Wwarning"], ["man", "--warnings", "-Tutf8", "-l"]):
        if shutil.which(checker[0]):
            said = suite.Run([*checker, os.path.join(suite.BUILD, "muster.1")], env={"LC_ALL": "C.UTF-8"})
            said = (said.stdout if checker[0] == "mandoc" else "") + said.stderr
            suite.equal([line for line in said.splitlines() if "missing date" not in line], [], " ".join(checker))
        elif os.environ.get("CI") == "true" and checker[0] == "mandoc":
            raise AssertionError("mandoc is not installed")


@suite.case("the verbs of the README are the program's")
def _():
    suite.equal(re.findall(r"^\| `(\w+)` \| ", read("README.md"), re.M), verbs_of_help(), "verbs")


@suite.case("the scenario in the README is right, and its mistake is shown as the program shows it")
def _():
    text = read("README.md")
    scenario = re.search(r"^```yaml\n(.*?)^```$", text, re.M | re.S).group(1)
    place = processes.Directory("documents")
    try:
        place.file("first.yaml", scenario)
        suite.Run([suite.MUSTER, "check", "first.yaml", "--deny", "warnings"], cwd=place.path).expect(0)
        place.file("first.yaml", scenario.replace("every:", "evry:"))
        shown = suite.Run([suite.MUSTER, "check", "first.yaml"], cwd=place.path).expect(3).stderr
        suite.check("```\n" + shown + "```" in text, f"the README does not show {shown}")
    finally:
        place.close()


@suite.case("documents that come from tables are what this build writes")
def _():
    place = processes.Directory("documents")
    try:
        os.mkdir(place.file("docs"))
        suite.Run([os.path.join(suite.BUILD, "tests/tools/write_docs")], cwd=place.path).expect(0)
        written = sorted(os.listdir(place.file("docs")))
        suite.check(written, "write_docs wrote nothing")
        for name in written:
            with open(place.file("docs/" + name), encoding="utf-8") as f:
                suite.check(f.read() == read("docs/" + name), f"docs/{name} is old: make docs writes it anew")
    finally:
        place.close()


@suite.case("every key of the scenario reference is explained")
def _():
    prefix, keys = "", []
    for line in read("docs/scenario-reference.md").splitlines():
        heading = re.fullmatch(r"## `(.*)`|## Top level", line)
        if heading:
            prefix = (heading.group(1) or "") and heading.group(1) + "."
        elif line.startswith("## "):
            prefix = None
        key = re.match(r"\| `([^`]+)` \| ", line)
        if key and prefix is not None:
            keys.append(prefix + key.group(1))
    suite.check(len(keys) > 60, f"only {len(keys)} keys found")
    for key in keys:
        suite.check(suite.muster("explain", key).status == 0, f"muster explain '{key}' knows nothing")


@suite.case("what is said to be JSON is JSON")
def _():
    schema = json.loads(suite.muster("schema").expect(0).stdout)
    suite.equal(schema["$schema"], "http://json-schema.org/draft-07/schema#", "$schema")
    suite.check("fleets" in schema["allOf"][0]["properties"], "the schema has fleets")
    references = set(re.findall(r'"\$ref": "#/definitions/([^"]+)"', json.dumps(schema)))
    suite.equal(sorted(references - set(schema["definitions"])), [], "references to definitions that are not there")
    suite.check(json.loads(suite.muster("version", "--json").expect(0).stdout)["muster"], "version")
    plan = json.loads(suite.muster("plan", "scenarios/quickstart.yaml", "--json").expect(0).stdout)
    suite.equal(plan["devices"], 100, "devices")
    lines = suite.muster("plan", "scenarios/quickstart.yaml", "--device", 3, "--json").expect(0).stdout.splitlines()
    suite.check([json.loads(line) for line in lines], "operations of device 3")


@suite.case("documents that others refer to exist")
def _():
    sources = [p for pattern in ("README.md", "CHANGELOG.md", "docs/*.md", "sim/**/*.[ch]", "tests/**/*.[ch]", "scenarios/**/*.yaml",
                                 "profiles/**/*.yaml", "Makefile") for p in glob.glob(os.path.join(suite.ROOT, pattern), recursive=True)]
    missing = set()
    for path in sources:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        missing |= {(os.path.relpath(path, suite.ROOT), name) for name in re.findall(r"\bdocs/[\w-]+\.md", text)
                    if not os.path.exists(os.path.join(suite.ROOT, name))}
        if path.endswith(".md"):
            for name in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                if not os.path.exists(os.path.join(os.path.dirname(path), name)):
                    missing.add((os.path.relpath(path, suite.ROOT), name))
    suite.equal(sorted(missing), [], "references to documents that are not there")


@suite.case("the architecture names every room and every source, and nothing that is not there")
def _():
    text = read("docs/architecture.md")
    rooms = re.search(r"^ROOMS := (.*)$", read("Makefile"), re.M).group(1).split()
    suite.equal(re.findall(r"^\| `(\w+)` \| ", text.split("## The rooms")[1].split("\n### ")[0], re.M), rooms, "rooms, in their order")
    suite.equal(re.findall(r"^### (\w+)$", text, re.M), rooms, "sections, in the order of the rooms")
    files = {os.path.relpath(p, suite.ROOT) for p in glob.glob(os.path.join(suite.ROOT, "sim/*/*.[ch]"))}
    unknown, named = set(), set()
    for room, section in zip(rooms, re.split(r"^### \w+$", text.split("\n## From YAML")[0], flags=re.M)[1:]):
        for name in re.findall(r"`(\w[\w*]*\.[ch])`", section):
            found = {f for f in files if re.fullmatch(f"sim/{room}/" + re.escape(name).replace(r"\*", r"\w+"), f)}
            unknown |= set() if found else {f"{room}/{name}"}
            named |= {f[:-2] for f in found}
    for name in re.findall(r"`((?:%s)/[\w]+\.[ch])`" % "|".join(rooms), text):
        unknown |= set() if "sim/" + name in files or "NAME" in name else {name}
    suite.equal(sorted(unknown), [], "files that are not there")
    headers_of_many = {"sim/backend/broker_", "sim/mqtt/mqtt_codec_"}  # one header each says which source does what
    missing = {f[:-2] for f in files} - named
    suite.equal(sorted(f for f in missing if not any(f.startswith(h) for h in headers_of_many)), [], "files that are not named")


suite.main()
