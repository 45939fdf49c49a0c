"""Every scenario of scenarios/faults holds against the built-in broker in simulated time."""
# time limit: 240 s

import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

directory = processes.Directory("scenarios")


def case(path):
    name = os.path.splitext(os.path.basename(path))[0]

    @suite.case(f"{name}: every check passes")
    def _():
        suite.muster("run", path, "--virtual", "--quiet", "--out", os.path.join(directory.path, name), timeout=100).expect(0)


for found in sorted(glob.glob(os.path.join(suite.ROOT, "scenarios", "faults", "*.yaml"))):
    case(found)

suite.main()
