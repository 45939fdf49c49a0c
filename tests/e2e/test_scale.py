"""15,000 devices from one process: all connected, nothing lost, at most 512 B for each further device. `make bench-scale` does 200,000 and a
million."""
# time limit: 180 s
# alone

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

FEW, MANY = 1000, 15000
DEVICE_MAX = 512        # bytes
FLEET_MAX = 1536 << 10  # bytes that any fleet costs: the workers' scratch, the measurements of a second


def run(directory, broker, devices):
    """Summary of so many devices that connect within ten seconds and publish for ten more, and the bytes that they cost."""
    out = os.path.join(directory.path, f"run-{devices}")
    # a shared machine may delay the loops; what is judged here is that nothing is lost and what a device costs
    result = suite.muster("run", "scenarios/load/connect-200k.yaml", "--devices", str(devices), "--target", broker.uri,
                          "--set", "vars.ramp=10s", "--set", "vars.hold=12s", "--set", "duration=22s",
                          "--set", "trust={lag: 1s, stall: 2s}", "--out", out, "--quiet",
                          timeout=100)
    suite.check(result.status in (0, 10), f"exit status {result.status}: {result.stdout} {result.stderr}")
    summary = suite.summary(out)
    publish = summary["operations"]["mqtt.publish.ack"]
    suite.equal(summary["devices"]["online_end"], devices, "devices online at the end")
    suite.equal((summary["messages"]["lost"], publish["failed"], publish["dropped"]), (0, 0, 0), "lost, failed, dropped")
    suite.check(publish["ok"] > devices / 6, f"publishes: {publish}")
    return summary, summary["tool"]["bytes_per_device"] * devices


@suite.case("15,000 devices connect, publish and cost at most 512 B each, beside what any fleet costs")
def _():
    suite.need(brokers.Mosquitto)
    directory = processes.Directory("scale")
    try:
        with brokers.Mosquitto() as broker:
            _, few = run(directory, broker, FEW)
            summary, many = run(directory, broker, MANY)
            device = (many - few) / (MANY - FEW)
            fleet = few - FEW * device
            print(f"NOTE {device:.0f} B for each further device, {fleet / 1024:.0f} KiB for a fleet, lag p99.9 {summary['tool']['lag_p999_ms']} ms")
            suite.check(device <= DEVICE_MAX, f"{device:.0f} B for each further device")
            suite.check(fleet <= FLEET_MAX, f"{fleet:.0f} B for a fleet of none")
    finally:
        directory.close()


suite.main()
