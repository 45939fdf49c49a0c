#!/usr/bin/env python3
"""Proves that tests/house/check.py can fail: plants one violation after the other in a small clean tree.

A planted violation must be found at its line, by its rule, and by no other rule. Last line: "N passed, N failed".
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

MACHINE, ROOT = "/wo" + "rk", "/ro" + "ot"

CLEAN = {
    "Makefile": "ROOMS := base loop crypto scenario report\n",
    "sim/main.c": '#include "report/page.h"\nint main(void) {\n    return page_count();\n}\n',
    "sim/base/bytes.h": "int bytes_sum(int a,\n              int b);\n",
    "sim/base/bytes.c": '#include "base/bytes.h"\n\n#include <math.h>\n\nint bytes_sum(int a,\n              int b) {\n'
    "    return a + (int)floor(sqrt(b));\n}\n",
    "tests/base/test_bytes.c": '#include "base/bytes.h"\n#include "harness.h"\n#include <CUnit/CUnit.h>\n',
    "sim/report/page.h": "int page_count(void);\nextern const int pages[2];\n",
    "sim/report/page.c": '#include "report/page.h"\n\n#include "base/bytes.h"\n\n#include <math.h>\n\n'
    "const int pages[2] = {1, 2};\nstatic const char *const names[] = {\"a\"};\n\nint page_count(void) {\n"
    "    return bytes_sum(pages[0], names[0][0]) + (int)log(pages[1]);\n}\n",
    "tests/report/test_page_part.c": '#include "report/page.h"\n',
    "tests/report/test_page.c": '#include "report/page.h"\n',
    "README.md": f"Copy it to /usr/local/share{MACHINE}/ or to $HOME{ROOT}/.\n",
}


def body(lines):
    return "".join(f"    a += {n};\n" for n in range(lines))


LONG = "#include \"base/bytes.h\"\n\nstatic int half(int a) {\n%s    return a;\n}\n\nint bytes_sum(int a,\n              int b) {\n%s    return half(a) + b;\n}\n"
UNFINISHED = "TO" + "DO"

# name: (file, its text, line, rule)
PLANTS = {
    "a room that includes a later room": ("sim/base/bytes.h", '#include "report/page.h"\n' + CLEAN["sim/base/bytes.h"], 1, "arrows"),
    "a header without its room": ("sim/base/bytes.c", '#include "bytes.h"\n' + CLEAN["sim/base/bytes.c"], 1, "arrows"),
    "a test that includes a later room": ("tests/base/test_bytes.c", '\n#include "loop/loop.h"\n', 2, "arrows"),
    "libev outside its file": ("sim/base/bytes.h", "\n#include <ev.h>\n" + CLEAN["sim/base/bytes.h"], 2, "third_party"),
    "mbedTLS outside crypto": ("tests/report/test_page.c", "#include <mbedtls/sha256.h>\n", 1, "third_party"),
    "libfyaml outside the loader": ("sim/report/page.h", "#  include <libfyaml.h>\n" + CLEAN["sim/report/page.h"], 1, "third_party"),
    "a function of 71 lines": ("sim/base/bytes.c", LONG % (body(1), body(67)), 8, "function_length"),
    "a static function of 71 lines": ("sim/base/bytes.c", LONG % (body(68), body(1)), 3, "function_length"),
    "a file of 701 lines": ("sim/base/bytes.c", CLEAN["sim/base/bytes.c"] + "\n" * 693, 701, "file_length"),
    "a source without its test": ("sim/base/lone.c", "int lone_one(void);\nint lone_one(void) {\n    return 1;\n}\n", 1, "mirrored"),
    "an exported function without the stem": (
        "sim/base/bytes.c", CLEAN["sim/base/bytes.c"] + "int add(void);\nint add(void) {\n    return 1;\n}\n", 10, "exported"),
    "a name of another header": (
        "sim/base/bytes.c", CLEAN["sim/base/bytes.c"] + "int page_add(void);\nint page_add(void) {\n    return 1;\n}\n", 10, "exported"),
    "an exported table without the stem": (
        "sim/base/bytes.c", "const int byte_sizes[2] = {1, 2};\n" + CLEAN["sim/base/bytes.c"], 1, "exported"),
    "a variable of a file": (
        "sim/report/page.c", CLEAN["sim/report/page.c"] + "int page_next(void);\nstatic int last;\nint page_next(void) {\n"
        "    return ++last;\n}\n", 14, "mutable"),
    "a variable of a function": (
        "sim/report/page.c", CLEAN["sim/report/page.c"] + "int page_next(void);\nint page_next(void) {\n"
        "    static int last = 7;\n    return ++last;\n}\n", 15, "mutable"),
    "a logarithm in a decision": (
        "sim/base/bytes.c", CLEAN["sim/base/bytes.c"].replace("sqrt(b)", "log(b)"), 7, "libm"),
    "a path of one machine": ("README.md", f"fine\nsee {MACHINE}/main\n", 2, "machine_paths"),
    "a path of one machine in quotes": ("sim/report/page.h", f'/* "{MACHINE}" */\n' + CLEAN["sim/report/page.h"], 1, "machine_paths"),
    "a source without its object": ("sim/base/bytes.c", CLEAN["sim/base/bytes.c"], 1, "built"),
    "an unfinished place": ("sim/base/bytes.h", f"/* {UNFINISHED}: more */\n" + CLEAN["sim/base/bytes.h"], 1, "unfinished"),
}

# name: (file, its text) that must pass
LIMITS = {
    "a clean tree": ("README.md", CLEAN["README.md"]),
    "a part of another file's header": (
        "sim/report/page_part.c", "int page_more(void);\nint page_more(void) {\n    return 1;\n}\n"),
    "a function of 70 lines": ("sim/base/bytes.c", LONG % (body(67), body(66))),
    "a file of 700 lines": ("sim/base/bytes.c", CLEAN["sim/base/bytes.c"] + "\n" * 692),
}


def write(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def build(root, files, rule):
    # what a planted include names need not exist, so those plants keep the objects of the clean tree
    sources = CLEAN if rule in ("arrows", "third_party") else {**CLEAN, **files}
    for path, text in sources.items():
        if not re.fullmatch(r"sim/.*\.c", path) or (rule == "built" and path in files):
            continue
        target = os.path.join(root, "build", path[: -len(".c")] + ".o")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        subprocess.run(["cc", "-O1", "-w", "-I.", "-x", "c", "-c", "-o", target, "-"],
                       input=text, text=True, cwd=os.path.join(root, "sim"), check=True)


def findings(files, rule):
    with tempfile.TemporaryDirectory() as root:
        write(root, {**CLEAN, **files})
        build(root, files, rule)
        out = subprocess.run([sys.executable, os.path.join(HERE, "check.py"), "--root", root, "build"],
                             stdout=subprocess.PIPE, text=True, check=False)
        lines = out.stdout.splitlines()
        return out.returncode, [line for line in lines[:-1] if not line.startswith("FAIL ")]


def judge(plant):
    """None when the planted files got the findings that they should, a message otherwise."""
    name, (path, text, *expected) = plant
    line, rule = expected if expected else (0, "")
    status, found = findings({path: text}, rule)
    if not expected:
        return None if status == 0 and not found else f"FAIL {name} is passed, found: {found}"
    start = f"{path}:{line}: {rule}: "
    if status == 1 and len(found) == 1 and found[0].startswith(start):
        return None
    return f"FAIL {name} is found: expected '{start}', found: {found}"


def main():
    plants = list(LIMITS.items()) + list(PLANTS.items())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [c for c in pool.map(judge, plants) if c]
    print("\n".join(complaints + [f"{len(plants) - len(complaints)} passed, {len(complaints)} failed"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
