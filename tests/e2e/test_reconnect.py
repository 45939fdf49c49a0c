"""The reconnect table of docs/models.md, by scenario and in simulated time: 50,000 devices, a backend that admits 500 a second."""
# time limit: 300 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

SCENARIO = os.path.join(suite.ROOT, "scenarios", "faults", "reconnect-drain.yaml")
DEVICES = 50000

directory = processes.Directory("reconnect")


def drained(policy, minutes, second="1s"):
    """Seconds until all are back, attempts per device, attempts in the worst second."""
    out = os.path.join(directory.path, policy)
    suite.muster("run", SCENARIO, "--virtual", "--quiet", "--out", out, "--set", f"vars.policy={policy}",
                 "--set", f"vars.size={DEVICES}", "--set", "builtin.admit=500/s", "--set", f"vars.drain={minutes}min",
                 "--set", f"duration={minutes + 3}min", "--set", f"vars.second={second}", timeout=200)
    values = {c["name"]: c["value"] for c in suite.summary(out)["checks"]}
    back = values["everybody is back"]
    return back / 1000 if back is not None else None, values["attempts"] / DEVICES, values["attempts in the worst second"]


def near(found, wanted, what):
    suite.check(found is not None and abs(found - wanted) <= 0.05 * wanted, f"{what}: {found}, and the table has {wanted}")


def case(policy, minutes, seconds, attempts, worst):
    @suite.case(f"{policy}: all back after {seconds} s, {attempts} attempts per device, {worst} in the worst second, within 5 %")
    def _():
        found = drained(policy, minutes)
        near(found[0], seconds, "all back after")
        near(found[1], attempts, "attempts per device")
        near(found[2], worst, "worst second")


case("fixed-1s", 2, 100, 50, 50000)
case("fixed-10s", 18, 1000, 50, 50000)
case("full-jitter", 5, 202, 6.3, 63000)
case("decorrelated", 5, 200, 6.4, 29000)


@suite.case("expo: three and a half hours, and more than 43 attempts per device")
def _():
    back, attempts, _ = drained("expo", 240, second="10s") # so long a run is looked at every 10 s
    near(back, 3.5 * 3600, "all back after")
    suite.check(attempts > 43, f"{attempts} attempts per device")


suite.main()
