#!/usr/bin/env python3
"""Reads the source tree and the objects of a build, and reports what breaks a rule of the house.

usage: tests/house/check.py [--root DIR] BUILD

Each finding is a line "file:line: rule: message"; the last line is "N passed, N failed", counting rules.
"""

import argparse
import os
import re
import subprocess
import sys

import rules

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    """The files that belong to the project, and the order of its rooms."""

    def __init__(self, root, build):
        self.root = root
        self.build = build
        self.files = self._list()
        makefile = "\n".join(self.lines("Makefile"))
        found = re.search(r"^ROOMS\s*:?=\s*(.*)$", makefile, re.M)
        self.rooms = found.group(1).split() if found else []

    def _list(self):
        git = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        if git.returncode == 0 and git.stdout:
            names = [n.decode("utf-8", "replace") for n in git.stdout.split(b"\0") if n]
            return sorted(n for n in set(names) if os.path.isfile(os.path.join(self.root, n)))
        names = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f not in (".git", "runs") and not f.startswith("build")]
            names += [os.path.relpath(os.path.join(folder, f), self.root) for f in files]
        return sorted(names)

    def select(self, pattern):
        return [f for f in self.files if re.fullmatch(pattern, f)]

    def lines(self, path):
        """The lines of a text file; none of a binary one."""
        try:
            with open(os.path.join(self.root, path), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return []
        return [] if b"\0" in data else data.decode("utf-8", "replace").splitlines()

    def object_of(self, source):
        return os.path.join(self.root, self.build, re.sub(r"\.c$", ".o", source))


def includes(tree, pattern):
    for path in tree.select(pattern):
        for number, line in enumerate(tree.lines(path), 1):
            found = INCLUDE.match(line)
            if found:
                yield path, number, found.group(1), found.group(2)


def arrows(tree):
    """a room includes only itself and earlier rooms"""
    for path, number, quote, header in includes(tree, r"(sim|tests)/\w+/.*\.[ch]"):
        top, room = path.split("/")[:2]
        if quote != '"' or (top == "tests" and room not in tree.rooms):
            continue
        target = header.split("/")[0]
        if target in tree.rooms and "/" in header:
            if room not in tree.rooms:
                yield path, number, f"{room} is not in ROOMS"
            elif tree.rooms.index(target) > tree.rooms.index(room):
                yield path, number, f"{room} includes {header} of the later room {target}"
        elif top == "sim":
            yield path, number, f'"{header}" is not of the form "room/file.h"'


def third_party(tree):
    """a third-party header is included only where it is at home"""
    for path, number, _, header in includes(tree, r"(sim|tests)/.*\.[ch]"):
        for pattern, home in rules.THIRD_PARTY:
            if re.fullmatch(pattern, header) and not re.fullmatch(home, path):
                yield path, number, f"{header} may be included only by {home}"


def functions(lines):
    """(first line, last line, signature) of each function of a file formatted by clang-format."""
    start = None
    for i, line in enumerate(lines):
        if start is not None:
            if line.startswith("}"):
                yield start + 1, i + 1, lines[start].strip()
                start = None
            continue
        if not line.endswith("{"):
            continue
        first = i
        while first > 0 and lines[first - 1].strip() and not re.search(r"[;{}]$|\*/$|^#|^//|\\$", lines[first - 1]):
            first -= 1
        head = " ".join(lines[first : i + 1])
        if not head.startswith(" ") and re.search(r"\w\(.*\)[\w\s()]*\{$", head) and "=" not in head:
            start = first


def function_length(tree):
    """no function is longer than 70 lines"""
    for path in tree.select(r"(sim|tests|bench)/.*\.[ch]"):
        for first, last, signature in functions(tree.lines(path)):
            length = last - first + 1
            if length > rules.MAX_FUNCTION_LINES:
                yield path, first, f"{length} lines (at most {rules.MAX_FUNCTION_LINES}): {signature}"


def file_length(tree):
    """no source file is longer than 700 lines"""
    for path in tree.select(r"(sim|tests|bench|scripts)/.*") + tree.select("Makefile"):
        if re.search(r"/corpus/|/data/", path) or not re.search(r"(\.(c|h|py|sh)|/[^./]+|Makefile)$", path):
            continue
        count = len(tree.lines(path))
        if count > rules.MAX_FILE_LINES:
            yield path, count, f"{count} lines (at most {rules.MAX_FILE_LINES})"


def mirrored(tree):
    """every source has a test of its own"""
    for path in tree.select(r"sim/.*\.c"):
        test = re.sub(r"^sim/(.*/)?(\w+)\.c$", r"tests/\1test_\2.c", path)
        if test not in tree.files and path not in rules.UNMIRRORED:
            yield path, 1, f"{test} is missing"


def line_of(tree, path, name):
    """Where a name is first defined in a file; 1 when it is not found."""
    for number, line in enumerate(tree.lines(path), 1):
        if re.search(rf"^[^\s#/].*\b{re.escape(name)}\b", line) and not line.rstrip().endswith(";"):
            return number
    for number, line in enumerate(tree.lines(path), 1):
        if re.search(rf"\b{re.escape(name)}\b", line):
            return number
    return 1


def symbols(tree):
    """(source, stem path, name, class, section) of each symbol in the objects of sim/."""
    sources = tree.select(r"sim/.*\.c")
    present = [s for s in sources if os.path.exists(tree.object_of(s))]
    for source in present:
        out = subprocess.run(["nm", "--format=sysv", tree.object_of(source)], stdout=subprocess.PIPE, check=True, text=True)
        for line in out.stdout.splitlines():
            fields = [f.strip() for f in line.split("|")]
            if len(fields) == 7 and fields[0] != "Name":
                yield source, source[len("sim/") : -len(".c")], fields[0], fields[2], fields[6]


def built(tree):
    """the objects of every source are at hand"""
    for path in tree.select(r"sim/.*\.c"):
        if not os.path.exists(tree.object_of(path)):
            yield path, 1, f"{tree.object_of(path)} does not exist: run make first"


def prefixes(stem):
    """a_b_c: a_b and a"""
    words = stem.split("_")
    return ["_".join(words[:n]) for n in range(len(words) - 1, 0, -1)]


def exported(tree):
    """exported symbols begin with the file's stem"""
    for source, stem, name, kind, _ in symbols(tree):
        if kind not in "TDBRCVWGS" or name.startswith(("__", "_")) or name in rules.FOREIGN_NAMES.get(stem, ()):
            continue
        bases = [stem.split("/")[-1]]
        # a_b.c may hold a part of what a.h declares
        bases += [base for base in prefixes(bases[0]) if f"sim/{os.path.dirname(stem)}/{base}.h" in tree.files]
        if not any(name.startswith((base + "_", base + "s_")) or name in (base, base + "s") for base in bases):
            yield source, line_of(tree, source, name), f"{name} does not begin with {bases[0]}_"


def mutable(tree):
    """no variables outlive a call"""
    for source, stem, name, kind, section in symbols(tree):
        if kind in "DdBbCGgSs" and re.match(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)|\*COM\*", section):
            bare = re.sub(r"\.\d+$", "", name)
            if bare not in rules.MUTABLE.get(stem, ()) and not bare.startswith("__"):
                yield source, line_of(tree, source, bare), f"{bare} is a variable ({section})"


def libm(tree):
    """decisions use no inexact function of libm"""
    for source, stem, name, kind, _ in symbols(tree):
        room = stem.split("/")[0]
        if kind == "U" and room not in rules.ROOMS_WITHOUT_DECISIONS and name.split("@")[0] in rules.INEXACT_LIBM:
            yield source, line_of(tree, source, name), f"{name} of libm differs between machines"


def texts(tree, pattern, message):
    for path in tree.files:
        if path == "LICENSE" or "/corpus/" in path:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            found = pattern.search(line)
            if found:
                yield path, number, f"{message}: {found.group(0)}"


def machine_paths(tree):
    """nothing names a path of one machine"""
    yield from texts(tree, rules.MACHINE_PATH, "a path of one machine")


def unfinished(tree):
    """nothing says that it is unfinished"""
    yield from texts(tree, rules.UNFINISHED, "an unfinished place")


CHECKS = [arrows, third_party, function_length, file_length, mirrored, built, exported, mutable, libm, machine_paths, unfinished]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", default=".")
    parser.add_argument("build")
    options = parser.parse_args()
    tree = Tree(options.root, options.build)
    failed = 0
    for check in CHECKS:
        findings = list(check(tree))
        failed += bool(findings)
        for path, number, message in findings:
            print(f"{path}:{number}: {check.__name__}: {message}")
        if findings:
            print(f"FAIL {check.__doc__}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
