"""Cases of one end-to-end test file, and what they all need.

    import suite

    @suite.case("a message arrives once")
    def _():
        suite.equal(received, ["hello"], "messages")

    suite.main()

A case fails by raising; suite.Skip("why") makes it a named skip. The last line is "N passed, N failed[, N skipped]".
Arguments of the file choose cases by a part of their name.
"""

import json
import os
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
MUSTER = os.path.join(BUILD, "muster")

_cases = []


class Skip(Exception):
    """The case cannot run here; the text says what is missing."""


def case(name):
    def add(function):
        _cases.append((name, function))
        return function
    return add


def need(*peers):
    """Skips the case when a peer (a class with missing()) is not there."""
    for peer in peers:
        reason = peer.missing()
        if reason:
            raise Skip(reason)


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(found, expected, what):
    check(found == expected, f"{what}: expected {expected!r}, found {found!r}")


class Run:
    """What a program did: status, stdout, stderr, seconds."""

    def __init__(self, arguments, timeout=60, env=None, cwd=None):
        begin = time.monotonic()
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=timeout, cwd=cwd, check=False,
                              env={**os.environ, **(env or {})})
        self.arguments = arguments
        self.seconds = time.monotonic() - begin
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    def expect(self, status):
        """Returns self when the exit status is the expected one."""
        check(self.status == status, f"{' '.join(self.arguments)}: expected exit status {status}, found {self.status}\n"
              f"{self.stdout[-3000:]}\n{self.stderr[-3000:]}")
        return self


def muster(*arguments, **options):
    """Runs the program under test from the root of the project."""
    return Run([MUSTER, *map(str, arguments)], cwd=ROOT, **options)


def summary(directory):
    """summary.json of a run directory."""
    with open(os.path.join(directory, "summary.json"), encoding="utf-8") as f:
        return json.load(f)


def main():
    passed = failed = skipped = 0
    wanted = sys.argv[1:]
    for name, function in _cases:
        if wanted and not any(w in name for w in wanted):
            continue
        begin = time.monotonic()
        try:
            function()
        except Skip as reason:
            skipped += 1
            print(f"SKIP {name}: {reason}", flush=True)
        except Exception as error:  # any exception of a case is its failure, and the next case runs
            failed += 1
            print(f"FAIL {name}: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"pass {name} ({time.monotonic() - begin:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)
