"""MQTT over TLS against Mosquitto: who proves who it is gets in, who does not is refused, and the report says why."""
# time limit: 240 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import pki
import processes
import suite

PSK = "00112233445566778899aabbccddeeff"

directory = processes.Directory("tls")

SCENARIO = """\
version: 1
name: {name}
seed: 5
duration: {duration}
trust: {{lag: 5s, stall: 5s, cpu: 100%}}
targets: {{broker: {{url: "mqtts://{host}:{port}", {target}}}}}
identities: {{own: {{{identity}}}}}
profiles: {{default: {{reconnect: {{first: 200ms, factor: 1}}, tls: {{resume: {resume}}}}}}}
fleets:
  a: {{count: {count}, profile: default, {network}identity: own, telemetry: {{every: 500ms, topic: "t/${{device.id}}", payload: "random(64B)", qos: 1}}}}
timeline:
  - {{do: connect, who: all, over: 1s}}
"""
SHOWN = "kind: certificate, certificate: client.pem, private_key: leaf.key"


class Backend:
    """Mosquitto with listeners for TLS: `port` asks for client certificates, `open_port` does not, `wrong_port` and `expired_port`
    show other certificates, `psk_port` goes by shared keys."""

    def __init__(self):
        suite.need(brokers.Mosquitto, pki.OpenSsl)
        path = directory.path
        self.authority = pki.Authority(path)
        pki.Authority(path, "other")
        names = ["DNS:localhost", "IP:127.0.0.1"]
        for name, subject, alternative, valid in (
                ("server", "localhost", names, pki.VALID), ("wrong", "elsewhere", ["DNS:broker.example"], pki.VALID),
                ("expired", "localhost", names, pki.EXPIRED), ("early", "localhost", names, pki.NOT_YET_VALID),
                ("revoked", "localhost", names, pki.VALID), ("client", "device-1", (), pki.VALID)):
            self.authority.issue(name, subject, alternative, valid)
        self.authority.revoke("revoked")
        directory.file("psk", "meter-1:%s\n" % PSK)
        # the key lies under another name for Mosquitto, which may read it as somebody else
        with open(self.authority.path("leaf.key"), encoding="ascii") as key:
            directory.file("broker.key", key.read())
        settings = []
        self.ports = {}
        for name in ("client", "server", "wrong", "expired", "early", "psk"):
            self.ports[name] = processes.free_port()
            settings += ["listener %d 127.0.0.1" % self.ports[name], "set_tcp_nodelay true"]
            if name == "psk":
                settings += ["psk_hint hint", "psk_file %s/psk" % path]
                continue
            settings += ["cafile %s/ca.pem" % path, "keyfile %s/broker.key" % path,
                         "certfile %s/%s.pem" % (path, "server" if name == "client" else name)]
            if name == "client":
                settings += ["require_certificate true", "crlfile %s/crl.pem" % path]
        self.broker = brokers.Mosquitto(settings=settings).start()


backend = None


def port(name):
    global backend
    if backend is None:
        backend = Backend()
    return backend.ports[name]


def run(name, listener, target="ca: ca.pem", identity="kind: none", host="localhost", count=4, duration="3s", more="", options=(),
        status=0, network="", resume="0%"):
    text = SCENARIO.format(name=name, port=port(listener), target=target, identity=identity, host=host, count=count, duration=duration,
                           network=network, resume=resume)
    scenario = directory.file(name + ".yaml", text + more)
    out = os.path.join(directory.path, "run-" + name)
    done = suite.muster("run", scenario, "--out", out, "--quiet", *options).expect(status)
    return (suite.summary(out), out) if status == 0 else done


def refused(name, listener, *why, by_backend=False, **how):
    """Nobody gets in, every attempt is refused in the handshake, and the reason is one of these. With TLS 1.3 a device has finished before
    it hears that the backend refuses it: then its attempt breaks, for the same reason."""
    s, out = run(name, listener, **how)
    suite.equal(s["devices"]["online_peak"], 0, "devices online")
    causes = {(c["operation"], c["outcome"], c["connection"]) for c in s["causes"]}
    handshakes, connects = s["operations"]["tls.handshake.ack"], s["operations"]["mqtt.connect.ack"]
    late = by_backend and handshakes["ok"] > 0
    expected = {("mqtt.connect", "broken", w) for w in why} if late else {("tls.handshake", "refused", w) for w in why}
    suite.check(causes and causes <= expected, "causes: %s, not %s" % (causes, expected))
    suite.check(connects["count"] >= 4, "%d attempts" % connects["count"])
    suite.equal(connects["broken" if late else "refused"], connects["count"], "attempts refused")
    if not late:
        suite.equal(handshakes["refused"], handshakes["intended"], "handshakes refused")
    with open(os.path.join(out, "summary.md"), encoding="utf-8") as f:
        text = f.read()
        suite.check(any(w in text for w in why), "summary.md says why")


@suite.case("devices with client certificates come in, and their messages are acknowledged")
def _():
    s, _ = run("mutual", "client", identity=SHOWN, count=10, duration="4s", more="""\
checks:
  - expect: ratio(mqtt.connect.ok) == 100%
  - expect: count(tls.handshake.ok) == 10
  - expect: max(tls.handshake.ack) < 3s
  - expect: lost(mqtt.publish) == 0
  - expect: count(tls.handshake.bytes_up) > 4kB
  - expect: count(tls.handshake.bytes_down) > 8kB
""")
    suite.check(s["operations"]["mqtt.publish.ack"]["ok"] >= 40, "messages")
    whole, part = s["operations"]["mqtt.connect.ack"]["response_ms"], s["operations"]["tls.handshake.ack"]["response_ms"]
    suite.check(0 < part["p50"] < whole["p50"], "the handshake is a part of the connect: %s of %s" % (part, whole))
    suite.check(not [n for n in s["caveats"] if "INSECURE" in n], "nobody was insecure")


@suite.case("a numeric address is a name that the certificate may have")
def _():
    s, _ = run("numeric", "server", host="127.0.0.1")
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 4, "handshakes")


@suite.case("devices with shared keys come in, each with its own")
def _():
    s, _ = run("psk", "psk", target="insecure: false", identity="kind: psk, psk_id: meter-1, psk_key: \"%s\"" % PSK)
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 4, "handshakes")
    refused("psk-name", "psk", "alert_unknown_psk_identity", target="insecure: false",
            identity="kind: psk, psk_id: \"${device.id}\", psk_key: \"%s\"" % PSK)
    refused("psk-key", "psk", "alert_bad_record_mac", target="insecure: false",
            identity="kind: psk, psk_id: meter-1, psk_key: \"%s\"" % PSK[::-1])


@suite.case("a backend of another authority, with another name, expired or not yet valid is refused")
def _():
    refused("unknown-ca", "server", "tls_unknown_ca", target="ca: other.pem")
    refused("wrong-name", "wrong", "tls_wrong_name")
    refused("server-name", "server", "tls_wrong_name", target="ca: ca.pem, server_name: broker.example")
    refused("expired", "expired", "tls_certificate_expired")
    refused("early", "early", "tls_certificate_not_yet_valid")


@suite.case("a backend whose certificate was revoked is refused")
def _():
    port("server")
    backend.authority.issue("gone", "localhost", ["DNS:localhost"])
    backend.authority.revoke("gone")
    path = directory.path
    gone = processes.free_port()
    settings = ["listener %d 127.0.0.1" % gone, "cafile %s/ca.pem" % path, "certfile %s/gone.pem" % path,
                "keyfile %s/broker.key" % path]
    with brokers.Mosquitto(settings=settings):
        backend.ports["gone"] = gone
        refused("gone", "gone", "tls_certificate_revoked", target="ca: ca.pem, crl: crl.pem")


@suite.case("a device without certificate, or with one that was revoked or has expired, is refused by the backend's alert")
def _():
    refused("none-shown", "client", "alert_handshake_failure", "alert_certificate_required", by_backend=True)
    shown = "kind: certificate, certificate: %s.pem, private_key: leaf.key"
    refused("revoked", "client", "alert_certificate_revoked", by_backend=True, identity=shown % "revoked")
    refused("client-expired", "client", "alert_certificate_expired", by_backend=True, identity=shown % "expired")


@suite.case("insecure has to be asked for, and is told in every document")
def _():
    s, out = run("insecure", "expired", target="insecure: true")
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 4, "handshakes")
    suite.check(any("INSECURE" in n for n in s["caveats"]), "the caveat: %s" % s["caveats"])
    for file in ("summary.md", "report.html"):
        with open(os.path.join(out, file), encoding="utf-8") as f:
            suite.check("INSECURE" in f.read(), file)


@suite.case("nobody gets in where the backend speaks no TLS")
def _():
    port("server")
    backend.ports["plain"] = backend.broker.port
    s, _ = run("plain", "plain", more="")
    causes = {(c["operation"], c["connection"]) for c in s["causes"]}
    suite.check(causes <= {("mqtt.connect", "by_peer"), ("mqtt.connect", "reset"), ("tls.handshake", "tls_failed")}, "causes: %s" % causes)
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 0, "handshakes")


@suite.case("files that are not there, and keys that others may read, stop the run before it begins")
def _():
    done = run("no-file", "server", target="ca: nobody.pem", status=4)
    suite.check("nobody.pem" in done.stderr, done.stderr)
    path = directory.file("open.key", "")
    with open(os.path.join(directory.path, "leaf.key"), encoding="ascii") as key:
        directory.file("open.key", key.read())
    os.chmod(path, 0o644)
    done = run("open-key", "client", identity="kind: certificate, certificate: client.pem, private_key: open.key", status=4)
    suite.check("chmod 600" in done.stderr, done.stderr)


@suite.case("in simulated time TLS is modelled, and the report says so")
def _():
    s, _ = run("simulated", "server", target="ca: nobody.pem", options=["--virtual"], more="""\
networks: {far: {rtt: 300ms}}
checks: [{expect: "p50(tls.handshake.ack) >= 550ms"}, {expect: count(tls.handshake.ok) == 4}]
""", duration="20s", network="network: far, ")
    suite.check(any("TLS was modelled" in n for n in s["caveats"]), "the caveat: %s" % s["caveats"])
    suite.check(s["operations"]["mqtt.publish.ack"]["ok"] > 100, "messages")


def resumed_in(s):
    return s["operations"].get("tls.resumption.ack", {"ok": 0})["ok"]


AGAIN = """\
  - {at: 2s, do: reset, who: all}
  - {at: 4s, do: reset, who: all}
"""


@suite.case("a device goes on with its session as often as its profile says, and full and resumed handshakes are told apart")
def _():
    for name, listener, identity, resume, full, resumed in (
            ("never", "server", "kind: none", "0%", 12, 0), ("always", "server", "kind: none", "100%", 4, 8)):
        s, _ = run("resume-" + name, listener, identity=identity, duration="7s", resume=resume, more=AGAIN)
        operations = s["operations"]
        suite.equal(operations["mqtt.connect.ack"]["ok"], 12, name + ": connects")
        suite.equal(operations["tls.handshake.ack"]["ok"], full, name + ": full handshakes")
        suite.equal(resumed_in(s), resumed, name + ": resumed handshakes")
    s, _ = run("resume-simulated", "server", duration="7s", resume="100%", more=AGAIN, options=["--virtual"])
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 4, "simulated: full handshakes")
    suite.equal(resumed_in(s), 8, "simulated: resumed handshakes")


@suite.case("a device that lost its memory begins anew")
def _():
    s, _ = run("forgets", "server", duration="7s", resume="100%", options=["--virtual"], more="""\
  - {at: 2s, do: power_cut, who: all, for: 1s}
""")
    suite.equal(s["operations"]["tls.handshake.ack"]["ok"], 8, "full handshakes")
    suite.equal(resumed_in(s), 0, "resumed handshakes")


@suite.case("no document has a shared key")
def _():
    text = SCENARIO.format(name="secret", port=port("psk"), target="insecure: false", host="localhost", count=2, duration="2s", network="", resume="0%",
                           identity="kind: psk, psk_id: meter-1, psk_key: \"${secret.METER}\"")
    out = os.path.join(directory.path, "run-secret")
    suite.muster("run", directory.file("secret.yaml", text), "--out", out, "--quiet", env={"MUSTER_SECRET_METER": PSK}).expect(0)
    suite.equal(suite.summary(out)["operations"]["tls.handshake.ack"]["ok"], 2, "handshakes")
    for folder, _, files in os.walk(out):
        for file in files:
            with open(os.path.join(folder, file), "rb") as f:
                suite.check(PSK.encode() not in f.read(), file + " has the key")


try:
    suite.main()
finally:
    if backend is not None:
        backend.broker.close()
    directory.close()
