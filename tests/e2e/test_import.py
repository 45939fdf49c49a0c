"""muster import: what a device did, from a capture, is done again at the same times; every form of a capture gives the same scenario."""
# time limit: 120 s

import os
import re
import shutil
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import sniffer
import suite

PASSWORD = "canary-in-the-mine"
SLACK_S = 0.25  # of live runs on a busy machine; in simulated time nothing is late
LIFE = """\
version: 1
name: a life
seed: 11
target: builtin
duration: 6s
settle: 1s
trust: {{lag: 10s, stall: 10s}}
profiles:
  device:
    protocol: {protocol}
    mqtt: {{keepalive: 30s, will: {{topic: gone, payload: "hex(00ff)", qos: 1}}}}
    reconnect: {{policy: fixed, first: 300ms, jitter: none}}
identities:
  password: {{kind: password, user: "some ${{device.id}}", password: "{password}"}}
fleets:
  meters:
    count: 3
    profile: device
    identity: password
    subscribe: ["cmd/${{device.id}}", {{filter: all/#, qos: 1}}]
    signals: {{temp: "walk(start=21, step=0.1, min=15, max=28)"}}
    telemetry:
      - {{every: "exp(300ms)", topic: "t/${{device.id}}", payload: "{{\\"t\\": ${{signal.temp:.2f}}}}", qos: 1, audit: none}}
      - {{every: 500ms, topic: "b/${{device.id}}", payload: "random(20B)", qos: 2, retain: true, audit: none}}
      - {{first: 100ms, every: 1s, topic: "beat", payload: "on", audit: none}}
timeline:
  - {{do: connect, who: all}}
  - {{at: 1800ms, do: reset}}
  - {{at: 3500ms, do: disconnect}}
  - {{at: 4200ms, do: connect}}
"""


class Tshark:
    @staticmethod
    def missing():
        return None if shutil.which("tshark") and shutil.which("editcap") else "tshark is not installed"


class MosquittoClients:
    @staticmethod
    def missing():
        return None if shutil.which("mosquitto_pub") and shutil.which("mosquitto_sub") else "mosquitto-clients is not installed"


def said(path, address=None):
    """What the client said, as tshark tells: (packet type, topic, payload, QoS, retain), and seconds since its first packet."""
    wanted = "mqtt.msgtype in {1, 3, 8, 14}" + (f" and ip.src == {address}" if address else "")
    fields = ["frame.time_epoch", "mqtt.msgtype", "mqtt.topic", "mqtt.msg", "mqtt.qos", "mqtt.retain", "mqtt.clientid"]
    arguments = ["tshark", "-n", "-r", path, "-Y", wanted, "-T", "fields", "-E", "separator=/t"]
    for field in fields:
        arguments += ["-e", field]
    done = suite.Run(arguments).expect(0)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    suite.check(rows, f"{path} has no packets of a client")
    first = float(rows[0][0])
    return [tuple(row[1:6]) for row in rows], [float(row[0]) - first for row in rows]


def same(first, second, slack):
    packets, times = first
    again, times_again = second
    # two packets of neighbouring instants may change places when a machine is late: compare stream by stream
    for key in sorted({p[:2] for p in packets} | {p[:2] for p in again}):
        one = [(p, t) for p, t in zip(packets, times) if p[:2] == key]
        two = [(p, t) for p, t in zip(again, times_again) if p[:2] == key]
        suite.equal([p for p, _ in two], [p for p, _ in one], f"packets {key}")
        for (_, t), (_, u) in zip(one, two):
            suite.check(abs(t - u) <= slack, f"{key}: {u} s, not {t} s")


class Workplace:
    def __init__(self):
        self.directory = processes.Directory("import")
        self.environment = {"MUSTER_SECRET_DEVICE_PASSWORD": PASSWORD}

    def path(self, name):
        return os.path.join(self.directory.path, name)

    def muster(self, *arguments, **options):
        return suite.muster(*arguments, env=self.environment, **options)

    def run(self, scenario, name, device, *more):
        # a busy machine makes a few of some forty operations late; instants are compared below with a tolerance of their own
        loaded = ["--set", "trust.lag=2s", "--set", "trust.stall=2s"]
        self.muster("run", scenario, "--out", self.path(name), "--capture", device, "--quiet", *loaded, *more).expect(0)
        return os.path.join(self.path(name), "evidence", f"{device}.pcapng")

    def imported(self, capture, *more):
        return self.muster("import", capture, *more).expect(0).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.directory.close()


def without_names(scenario):
    return re.sub(r"\bas \S+ shows it", "as … shows it", scenario)


for protocol in ("mqtt311", "mqtt5"):
    @suite.case(f"{protocol}: a device that is imported says the same at the same times, live and in simulated time")
    def _(protocol=protocol):
        suite.need(Tshark)
        with Workplace() as w:
            life = w.directory.file("life.yaml", LIFE.format(protocol=protocol, password=PASSWORD))
            capture = w.run(life, "life", "meters-1")
            w.muster("import", capture, "-o", w.path("again.yaml")).expect(0)
            w.muster("check", w.path("again.yaml")).expect(0)
            with open(w.path("again.yaml"), encoding="utf-8") as f:
                suite.check(PASSWORD not in f.read(), "the password stands in the scenario")
            original = said(capture)
            suite.check(len(original[0]) > 25, f"only {len(original[0])} packets")
            same(original, said(w.run(w.path("again.yaml"), "live", "device-0")), SLACK_S)
            virtual = w.run(w.path("again.yaml"), "virtual", "device-0", "--virtual")
            same(original, said(virtual), 0.02)
            # what was imported once says nothing new when it is imported again
            w.muster("import", virtual, "-o", w.path("third.yaml")).expect(0)
            same(said(virtual), said(w.run(w.path("third.yaml"), "third", "device-0", "--virtual")), 0.002)


def foreign_clients(w):
    """Mosquitto's own clients, as a sniffer would see them."""
    with brokers.Builtin() as broker, sniffer.Sniffer(broker.port) as s:
        base = ["-h", "127.0.0.1", "-p", str(s.port)]
        suite.Run(["mosquitto_pub", *base, "-i", "kitchen", "-t", "home/kitchen", "-m", "21.5", "-q", "1", "-r",
                   "-u", "cook", "-P", PASSWORD, "--will-topic", "gone", "--will-payload", "kitchen"]).expect(0)
        suite.Run(["mosquitto_pub", *base, "-i", "attic", "-V", "5", "-t", "home/attic", "-m", "9" * 4000, "-q", "2",
                   "-D", "publish", "content-type", "text/plain"]).expect(0)
        time.sleep(0.2)
        suite.Run(["mosquitto_pub", *base, "-i", "kitchen", "-t", "home/kitchen", "-m", "21.7", "-q", "1", "-r",
                   "-u", "cook", "-P", PASSWORD]).expect(0)
    return s


@suite.case("a foreign client is imported from every form of a capture, and is the same in all of them")
def _():
    suite.need(Tshark, MosquittoClients)
    with Workplace() as w:
        s = foreign_clients(w)
        plain = w.path("plain.pcap")
        s.write(plain)
        first = without_names(w.imported(plain, "--device", "kitchen"))
        suite.check('user: "cook"' in first and PASSWORD not in first and "${secret.DEVICE_PASSWORD}" in first, first)
        suite.check('topic: "home/kitchen"' in first and first.count("do: connect}") == 2, first)
        forms = [("ethernet", ">", False), ("vlan", ">", False), ("null", "<", False), ("sll", "<", True), ("sll2", ">", True)]
        for link, order, ipv6 in forms:
            path = w.path(f"{link}.pcap")
            s.write(path, link=link, order=order, ipv6=ipv6)
            found = without_names(w.imported(path, "--device", "kitchen"))
            suite.equal(found.replace("[fd00::1]:1883", "192.0.2.1:1883"), first, f"{link} {order}")
        for kind in ("pcapng", "pcap", "nsecpcap"):
            path = w.path(f"by-editcap.{kind}")
            suite.Run(["editcap", "-F", kind, plain, path]).expect(0)
            found = without_names(w.imported(path, "--device", "kitchen"))
            if kind == "nsecpcap":
                suite.equal(found, first, kind)
            suite.equal(len(found.splitlines()), len(first.splitlines()), kind)
        s.write(w.path("bad-road.pcap"), shuffle=True)
        for device in ("kitchen", "attic"):
            found = w.imported(w.path("bad-road.pcap"), "--device", device)
            suite.equal(re.findall("payload: .*", found), re.findall("payload: .*", w.imported(plain, "--device", device)), device)
        # tshark reads the same packets out of the sniffer's file
        suite.check(("3", "home/kitchen", "21.7".encode().hex(), "1", "1") in said(plain, "10.0.0.7")[0], "tshark's view")


class Unwrapping:
    """Ends TLS in front of a broker and writes the keys down."""

    def __init__(self, w, broker):
        suite.Run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-keyout", w.path("key.pem"), "-out", w.path("cert.pem"), "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=IP:127.0.0.1"]).expect(0)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(w.path("cert.pem"), w.path("key.pem"))
        self.context.keylog_filename = w.path("keys.log")
        self.broker = broker
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def missing():
        return None if shutil.which("openssl") else "openssl is not installed"

    def _accept(self):
        while True:
            try:
                inside = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            except OSError:
                return
            outside = socket.create_connection(("127.0.0.1", self.broker.port))
            for a, b in ((inside, outside), (outside, inside)):
                threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@suite.case("an encrypted capture is named, and imported once tshark has decrypted it")
def _():
    suite.need(Tshark, MosquittoClients, Unwrapping)
    long = "\x10" * 3000  # pieces of it look like the beginning of a CONNECT
    with Workplace() as w, brokers.Builtin() as broker, Unwrapping(w, broker) as tls:
        with sniffer.Sniffer(tls.port) as s:
            for message in ("21.5", long):
                suite.Run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(s.port), "--cafile", w.path("cert.pem"), "-i", "kitchen",
                           "-t", "home/kitchen", "-m", message, "-q", "1"]).expect(0)
        s.write(w.path("tls.pcap"), link="ethernet")
        refused = w.muster("import", w.path("tls.pcap")).expect(2)
        suite.check("2 TCP connections are encrypted (TLS) (as to 192.0.2.1:1883)" in refused.stderr, refused.stderr)
        suite.Run(["tshark", "-r", w.path("tls.pcap"), "-o", f"tls.keylog_file:{w.path('keys.log')}", "-d", "tcp.port==1883,tls",
                   "-d", "tls.port==1883,mqtt", "-U", "OSI layer 7", "-w", w.path("plain.pcapng")]).expect(0)
        found = w.imported(w.path("plain.pcapng"))
        suite.check('payload: "21.5"' in found and long.encode().hex() in found, found[:2000])


@suite.case("an imported foreign client runs against a real broker and says the same")
def _():
    suite.need(Tshark, MosquittoClients, brokers.Mosquitto)
    with Workplace() as w, brokers.Mosquitto() as broker:
        s = foreign_clients(w)
        s.write(w.path("plain.pcap"))
        for device, count in (("kitchen", 2), ("attic", 1)):
            scenario = w.path(f"{device}.yaml")
            w.muster("import", w.path("plain.pcap"), "--device", device, "-o", scenario).expect(0)
            again = said(w.run(scenario, device, "device-0", "--target", broker.uri))
            published = [p for p in again[0] if p[0] == "3"]
            suite.equal(len(published), count, f"messages of {device}")
            suite.equal(published[0][1], f"home/{device}", "topic")


@suite.case("who is meant must be said when there are several, and then it is that one")
def _():
    suite.need(MosquittoClients)
    with Workplace() as w:
        s = foreign_clients(w)
        s.write(w.path("plain.pcap"))
        several = w.muster("import", w.path("plain.pcap")).expect(2)
        suite.check("shows 2 devices" in several.stderr and "kitchen" in several.stderr and "attic" in several.stderr, several.stderr)
        suite.equal(several.stdout, "", "stdout")
        w.muster("import", w.path("plain.pcap"), "--device", "10.0.0.7").expect(2)
        one = w.imported(w.path("plain.pcap"), "--device", "10.0.0.7:40001")
        suite.check('client_id: "attic"' in one, one)


if __name__ == "__main__":
    suite.main()
