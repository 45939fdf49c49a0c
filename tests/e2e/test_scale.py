"""15,000 devices from one process: all connected, nothing lost, at most 512 B each. `make bench-scale` does 200,000 and a million."""
# time limit: 180 s
# alone

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite


@suite.case("15,000 devices connect, publish and cost at most 512 B each")
def _():
    suite.need(brokers.Mosquitto)
    directory = processes.Directory("scale")
    out = os.path.join(directory.path, "run")
    try:
        with brokers.Mosquitto() as broker:
            # a shared machine may delay the loops; what is judged here is that nothing is lost and what a device costs
            result = suite.muster("run", "scenarios/load/connect-200k.yaml", "--devices", "15000", "--target", broker.uri,
                                  "--set", "vars.ramp=10s", "--set", "vars.hold=30s", "--set", "duration=40s",
                                  "--set", "trust={lag: 1s, stall: 2s}", "--out", out, "--quiet",
                                  timeout=120)
            suite.check(result.status in (0, 10), f"exit status {result.status}: {result.stdout} {result.stderr}")
            summary = suite.summary(out)
            publish = summary["operations"]["mqtt.publish.ack"]
            suite.equal(summary["devices"]["online_end"], 15000, "devices online at the end")
            suite.equal((summary["messages"]["lost"], publish["failed"], publish["dropped"]), (0, 0, 0), "lost, failed, dropped")
            suite.check(publish["ok"] > 5000, f"publishes: {publish}")
            bytes_per_device = summary["tool"]["bytes_per_device"]
            print(f"NOTE bytes_per_device {bytes_per_device:.0f}, lag p99.9 {summary['tool']['lag_p999_ms']} ms")
            suite.check(bytes_per_device <= 512, f"bytes_per_device {bytes_per_device:.0f}")
    finally:
        directory.close()


suite.main()
