"""Twenty seeds of the swarm: whatever happens to devices and broker, the results keep their books. `make swarm` runs more."""
# time limit: 240 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import suite
import swarm

SEEDS = range(1, 21)


@suite.case("twenty seeds keep every invariant")
def _():
    wrong = [w for _, w in swarm.run(SEEDS, os.path.join(suite.BUILD, "swarm")) if w]
    suite.check(not wrong, "\n".join(wrong))


@suite.case("a seed gives one scenario, and seeds differ in the faults that exist")
def _():
    suite.equal(swarm.Maker(7).scenario(), swarm.Maker(7).scenario(), "scenario of seed 7")
    kinds = {tuple(swarm.Maker(seed).faults) for seed in range(1, 201)}
    suite.check(len(kinds) > 100, "200 seeds have %d sets of faults" % len(kinds))
    seen = {fault for kind in kinds for fault in kind}
    suite.equal(seen, set(swarm.FAULTS), "faults that some seed has")


@suite.case("books that do not balance are noticed")
def _():
    right = {"intended": 7, "count": 3, "ok": 2, "failed": 1, "refused": 0, "timeout": 1, "broken": 0, "withdrawn": 1, "dropped": 2,
             "dropped_because": {"offline": 2}, "open": 1, "late": 0}
    swarm.books({"right": right}, "")
    for key in ("intended", "count", "ok", "refused", "withdrawn", "dropped", "open", "late"):
        try:
            swarm.books({"wrong": {**right, key: right[key] + 1}}, "")
        except AssertionError:
            continue
        raise AssertionError("one more of %s passed" % key)


suite.main()
