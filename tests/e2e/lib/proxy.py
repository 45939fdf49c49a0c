"""Starts the counting proxy and reads what it counted.

    with Proxy(broker.port) as proxy:
        run("--target", proxy.uri)
        counts = proxy.finish()

`counts` holds accepted, unreachable, open_peak, clients, undecoded, and for each direction, up (from the devices) and
down, the packets of each type, bytes, publish_qos [QoS 0, 1, 2], dup, refused and distinct (topic and payload).
"""

import json
import os
import signal
import sys

import processes


class Proxy:
    def __init__(self, target_port, port=None):
        self.target_port = target_port
        self.port = port or processes.free_port()
        self.directory = processes.Directory("proxy")
        self.process = None

    @property
    def uri(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        server = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxy_server.py")
        self.process = processes.Process([sys.executable, server, str(self.port), str(self.target_port)],
                                         self.directory.file("log"))
        processes.wait_until(lambda: "ready" in self.process.output() or not self.process.running(), 10, "proxy starts")
        if not self.process.running():
            raise RuntimeError(f"the proxy did not start: {self.process.output()}")
        return self

    def reset_all(self):
        """Resets every connection, as a rebooting firewall would."""
        self.process.signal(signal.SIGUSR1)

    def finish(self):
        """Ends the proxy and returns its counts."""
        self.process.stop()
        return json.loads(self.process.output().strip().splitlines()[-1])

    def kill(self):
        """Ends the proxy at once; the counts are gone."""
        self.process.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        self.directory.close()
