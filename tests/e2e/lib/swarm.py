"""A swarm of scenarios: each seed first picks which faults exist, then how bad they are, and the run has to keep its books.

usage: swarm.py [--seeds N] [--first SEED] [--jobs N] [--keep DIRECTORY]

What holds in every run, whatever happened in it, is checked from the documents and logs that it left: see invariants().
A seed that fails keeps its scenario and says how to repeat it. The last line is "N passed, N failed".
"""

import argparse
import concurrent.futures
import csv
import filecmp
import json
import os
import random
import shutil
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import suite

NETWORKS = ("ltem", "lte-mobile", "nr5g", "lora-backed", "nbiot-good", "nbiot-deep", "nbiot-misconfigured", "sat-leo", "sat-geo",
            "wifi-home", "wifi-lossy")
POLICIES = ("fixed", "quadratic", "exponential", "full-jitter", "equal-jitter", "decorrelated", "minus10", "step-60", "expo",
            "fixed-10s", "quadratic-30s")
LENGTHS = (1200, 7200, 86400, 10 * 86400)  # seconds of simulated time
STATES = ("dead", "asleep", "offline", "connecting", "backoff", "online")
LOGS = ("events.ndjson", "series.csv", "intervals.hlog")
# Each may be there or not, so that a fault also meets runs without the others that would hide what it does.
FAULTS = ("network", "outages", "cells", "nat", "dns", "power", "power_cut", "drain", "clock_skew", "roam", "link", "link_down",
          "reset", "disconnect", "stop", "set", "burst", "conditions", "limits", "misbehave", "listener")
# What a backend may do wrong without being excused from the audit of the listener: no message is acknowledged and then lost.
HONEST = ("reset_after", "ack_delay", "throttle", "stop_acks", "ignore_pings", "mute_connects", "truncated_connack",
          "malformed_connack", "second_connack", "refuse_connects", "duplicate", "redirect")
DISHONEST = ("drop", "reorder", "wrong_packet_id", "forget_sessions", "drip")


class Maker:
    """Makes the scenario of one seed. Times scale with its length, so that no run has very many steps."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.seed = seed
        self.length = self.draw.choice(LENGTHS)
        share = self.draw.choice((0.1, 0.3, 0.6))
        self.faults = [f for f in FAULTS if self.draw.random() < share]
        self.networks = []
        self.fleets = []

    def has(self, fault):
        return fault in self.faults

    def maybe(self, probability, key, value):
        """{key: value} or nothing."""
        return {key: value} if self.draw.random() < probability else {}

    def time(self, low, high):
        """A duration between two parts of the run's length."""
        return "%ds" % max(1, round(self.draw.uniform(low, high) * self.length))

    def scenario(self):
        d = self.draw
        scenario = {"version": 1, "name": "swarm %d" % self.seed, "seed": self.seed, "duration": "%ds" % self.length,
                    "settle": "30min", "epoch": d.choice(("2026-01-01T00:00:00Z", "2026-06-20T11:00:00Z")), "target": "builtin"}
        builtin = self.builtin()
        if builtin:
            scenario["builtin"] = builtin
        networks = self.own_networks()
        profiles = {"p%d" % i: self.profile() for i in range(d.randint(1, 4))}
        profiles["listener"] = {"protocol": d.choice(("mqtt5", "mqtt311")), "reconnect": {"policy": "fixed", "first": "5s"},
                                "mqtt": {"keepalive": "0s", "clean_start": False, "session_expiry": "never"}}
        scenario["fleets"] = self.make_fleets([p for p in profiles if p != "listener"], networks)
        if self.has("outages"):
            scenario["outages"] = {"o%d" % i: self.outage() for i in range(d.randint(1, 3))}
        scenario["timeline"] = self.timeline()  # may add networks to roam to
        if networks:
            scenario["networks"] = networks
        used = {name for fleet in scenario["fleets"].values() for name in [fleet.get("profile"), *fleet.get("mix", {})]}
        scenario["profiles"] = {name: profile for name, profile in profiles.items() if name in used}
        return scenario

    def builtin(self):
        d, settings = self.draw, {}
        if self.has("limits"):
            settings.update(self.maybe(0.4, "admit", d.choice(("1/s", "5/s", "20/min"))))
            settings.update(self.maybe(0.3, "service", d.choice(("20ms", "exp(100ms)", "2s"))))
            settings.update(self.maybe(0.3, "queue", d.choice((1, 10, 1000))))
            settings.update(self.maybe(0.3, "session_expiry", self.time(0.001, 0.1)))
            settings.update(self.maybe(0.3, "receive_maximum", d.choice((1, 3, 20))))
            settings.update(self.maybe(0.3, "inflight", d.choice((1, 5))))
            settings.update(self.maybe(0.3, "connections", d.choice((5, 20))))
            settings.update(self.maybe(0.2, "sessions", d.choice((5, 20))))
            settings.update(self.maybe(0.3, "keep_alive", self.time(0.002, 0.02)))
            settings.update(self.maybe(0.2, "topic_aliases", d.choice((0, 1))))
        if self.has("misbehave"):
            for name in d.sample(HONEST + DISHONEST, d.randint(1, 2)):
                settings[name] = self.misbehaviour(name)
        return settings

    def misbehaviour(self, name):
        d = self.draw
        values = {"ack_delay": "exp(1s)", "throttle": d.choice(("1/s", "50/s")), "ignore_pings": True, "forget_sessions": True,
                  "refuse_connects": d.choice(("0x88", "0x97")), "redirect": "192.0.2.7:1883", "drip": "500/s"}
        return values.get(name, d.choice((3, 20, 100)))

    def own_networks(self):
        d = self.draw
        networks = {}
        if self.has("network"):
            networks["n0"] = {"rtt": "lognormal(p50=90ms, p99=900ms)", "loss": d.choice(("1%", "30%")), "up": "20kbps",
                              "attach": d.choice(("0s", "exp(5s)"))}
            networks["n1"] = {"extends": d.choice(NETWORKS)}
            networks["n2"] = {"rtt": "40ms", "loss": {"good": self.time(0.01, 0.05), "bad": self.time(0.001, 0.01),
                                                      "bad_dwell": d.choice(("exponential", "pareto"))}}
        if self.has("cells"):
            networks["n3"] = {"rtt": "50ms", "attach": "2s", "cells": {
                "count": d.choice((1, 5)), "dwell": "exp(%s)" % self.time(0.01, 0.1), "gap": "exp(300ms)",
                "new_address": d.choice(("0%", "20%", "100%")), "reselect": d.random() < 0.5}}
        if self.has("nat"):
            networks["n4"] = {"rtt": "30ms", "nat": {"tcp": self.time(0.0005, 0.01), "on_expire": d.choice(("blackhole", "rst"))}}
        if self.has("dns"):
            networks["n5"] = {"rtt": "30ms", "dns": {"fail": d.choice(("5%", "60%"))}}
        chosen = d.sample(sorted(networks), min(len(networks), d.randint(1, 3))) if networks else []
        self.networks = chosen
        return {name: networks[name] for name in sorted(chosen)}

    def profile(self):
        d = self.draw
        policy = d.choice(POLICIES)
        reconnect = {"policy": policy}
        if policy in ("fixed", "quadratic", "exponential"):
            reconnect.update({"first": self.time(0.0005, 0.002), "max": self.time(0.005, 0.05),
                              "jitter": d.choice(("none", "full", "equal", "decorrelated", "tenth"))})
        reconnect.update(self.maybe(0.15, "attempts", d.randint(1, 6)))
        reconnect.update(self.maybe(0.2, "spread", self.time(0.0005, 0.01)))
        reconnect.update(self.maybe(0.2, "at_once", True))
        mqtt = {"keepalive": d.choice(("0s", self.time(0.001, 0.01), self.time(0.01, 0.05))), "clean_start": d.random() < 0.5,
                **self.maybe(0.6, "session_expiry", d.choice((self.time(0.01, 0.1), "never"))),
                **self.maybe(0.3, "inflight", d.choice((1, 3))), **self.maybe(0.3, "topic_aliases", True),
                **self.maybe(0.2, "on_session_lost", "drop"),
                **self.maybe(0.2, "receive_maximum", 2),
                **self.maybe(0.3, "will", {"topic": "gone/${device.id}", "qos": d.randint(0, 2), "payload": "x"})}
        profile = {"protocol": d.choice(("mqtt311", "mqtt5")), "mqtt": mqtt, "reconnect": reconnect,
                   **self.maybe(0.6, "buffer", {"messages": d.choice((0, 1, 5, 100, 1000)), "qos0": d.random() < 0.5,
                                                "on_full": d.choice(("drop_oldest", "drop_newest")),
                                                **self.maybe(0.3, "forward", d.choice(("1/s", "1/min")))}),
                   **self.maybe(0.4, "timeouts", {"ack": d.choice(("10s", "2min", "none")), "ping": d.choice(("2s", "30s")),
                                                  "stream": "2min"}),
                   **self.maybe(0.3, "clock", {"drift": "50ppm", "cold_boot": d.random() < 0.5})}
        if self.has("power"):
            profile["power"] = self.power()
        return profile

    def power(self):
        """Batteries that last for a part of the run only, unless the sun or the mains brings them back."""
        d = self.draw
        power = {"floor": d.choice(("10uA", "5mA")), "session": d.choice(("lost", "kept")),
                 "boot": d.choice(("0s", "uniform(0s, 1min)")), "sensing": d.choice(("0mJ", "100mJ")),
                 "load": d.choice(("power", "current")), "recover": d.choice(("1%", "20%"))}
        mains = d.random() < 0.3
        if mains:
            power.update({"mains": True, "hold_up": d.choice(("0s", "20s")), "charge": d.choice(("0W", "2W")),
                          **self.maybe(0.5, "last_gasp", {"topic": "q/gasp/${device.id}", "qos": d.randint(1, 2), "payload": "x"})})
        if not mains or d.random() < 0.5:
            chemistry = d.choice(("lipo", "lifepo4", "li-socl2-aa", "alkaline-aa"))
            hours = self.length / 3600.0
            power["battery"] = {"chemistry": chemistry, "cells": 2 if chemistry == "alkaline-aa" else 1,
                                "capacity": "%.3fmAh" % max(0.05, hours * d.choice((0.02, 0.5, 5, 50)))}
            if chemistry in ("lipo", "lifepo4") and d.random() < 0.6:
                power["harvest"] = {"panel": d.choice(("20mW", "500mW")), "yield": "60%"}
            power.update(self.maybe(0.3, "brown_out", {"below": "2.5V", "hold_off": "1min"}))
            power.update(self.maybe(0.4, "low", {"refuse_below": "10%", "stretch": [{"below": "50%", "every": self.time(0.01, 0.05)}]}))
        if d.random() < 0.7:
            power["radio"] = {"wake": d.choice(("20mJ", "500mJ")), "attach": "1J", "transmit": "900mW", "receive": "200mW",
                              "connected": "30mW", "inactivity": "5s", "peak": d.choice(("0W", "1W")), "floor": "5uA"}
        power.update(self.maybe(0.4, "sleep", {"linger": d.choice(("1s", "20s")), "radio": d.choice(("saving", "off"))}))
        return power

    def stream(self, fleet, number):
        """QoS 1 and 2 go below q/, where the listener hears them."""
        d, qos = self.draw, self.draw.randint(0, 2)
        period = d.uniform(0.003, 0.03) * self.length
        every = d.choice(("%ds", "exp(%ds)", "uniform(1s, %ds)")) % max(2, round(period))
        return {"every": every, "topic": "%s/%s/${device.index}/%d" % ("q" if qos else "z", fleet, number), "qos": qos,
                "payload": "random(%dB)" % d.choice((22, 60, 800)), **self.maybe(0.2, "pace", "closed")}

    def make_fleets(self, profiles, networks):
        d = self.draw
        fleets = {"listener": {"count": 1, "profile": "listener", "subscribe": [{"filter": "q/#", "qos": 2}]}}
        names = list(networks)
        for i in range(d.randint(1, 3)):
            name = "f%d" % i
            self.fleets.append(name)
            fleet = {"count": d.randint(1, 20)}
            if len(profiles) > 1 and d.random() < 0.5:
                fleet["mix"] = {profiles[0]: "40%", profiles[1]: "60%"}
            else:
                fleet["profile"] = d.choice(profiles)
            if names and (i == 0 or d.random() < 0.5):
                fleet["network"] = names.pop()
            fleet["regions"] = {"north": "50%", "south": "50%"}
            schedule = self.maybe(0.2, "schedule", "restart_on_connect")
            fleet["telemetry"] = [{**self.stream(name, k), **schedule} for k in range(d.randint(1, 3))]
            if d.random() < 0.3:
                fleet["subscribe"] = [{"filter": "q/%s/${device.index}/#" % d.choice(self.fleets), "qos": d.randint(0, 2)}]
            fleets[name] = fleet
        return fleets

    def outage(self):
        d = self.draw
        return {"scope": d.choice(("device", "region", "backend")), "mttf": self.time(0.05, 0.5),
                "down": "exp(%s)" % self.time(0.005, 0.1), "how": d.choice(("silent", "reset", "refuse", "captive")),
                "fleets": list(self.fleets)}

    def who(self):
        d = self.draw
        return {"fleet": d.choice((self.fleets, [d.choice(self.fleets)])), **self.maybe(0.4, "region", "north"),
                **self.maybe(0.5, "percent", d.choice((20, 50, 100)))}

    def entry(self, verb):
        """One fault, sometime in the run. A third of the conditions' entries hang on a device's state instead of a time."""
        d = self.draw
        entry = {"do": verb, "who": self.who()}
        if self.has("conditions") and verb not in ("clock_skew",) and d.random() < 0.3:
            entry.update({"when": d.choice(("state == online", "state == backoff", "attempts >= 2", "queued > 3", "connects >= 2")),
                          "times": d.choice((1, 3))})
        else:
            entry.update({"at": self.time(0.05, 0.9), **self.maybe(0.6, "over", self.time(0, 0.05))})
        if verb in ("link", "link_down", "roam", "clock_skew", "power_cut", "disconnect", "set"):
            if verb not in ("roam", "disconnect") or d.random() < 0.7:
                entry["for"] = self.time(0.001, 0.1)
        entry.update({"link": {"set": {"loss": d.choice(("5%", "60%")), "rtt": d.choice(("3s", "200ms"))}},
                      "link_down": {"how": d.choice(("silent", "reset", "refuse", "captive"))},
                      "set": {"set": d.choice(({"mqtt": {"keepalive": "2min"}}, {"mqtt": {"inflight": 1}},
                                               {"buffer": {"messages": d.choice((0, 2))}}, {"mqtt": {"clean_start": True}},
                                               {"telemetry": {"every": self.time(0.002, 0.02)}}))},
                      "burst": {"messages": d.choice((1, 10, 150))}, "drain": {"soc": d.choice(("0%", "3%", "100%"))},
                      "clock_skew": {d.choice(("fast", "slow")): self.time(0.001, 0.5)}}.get(verb, {}))
        if verb == "roam":
            entry["to"] = d.choice(self.networks)
        return entry

    def timeline(self):
        d = self.draw
        joins = {"power_on": self.has("power") and d.random() < 0.4}
        entries = [{"id": "listen", "at": "0s", "do": "connect", "who": {"fleet": "listener"}},
                   {"id": "join", "at": "20s", "do": "power_on" if joins["power_on"] else "connect", "who": {"fleet": self.fleets},
                    "over": self.time(0, 0.02)}]
        verbs = [v for v in ("power_cut", "drain", "clock_skew", "roam", "link", "link_down", "reset", "disconnect", "stop", "set",
                             "burst") if self.has(v)]
        for verb in verbs:
            if verb == "roam" and not self.networks or verb == "drain" and not self.has("power"):
                continue
            entries.extend(self.entry(verb) for _ in range(d.randint(1, 3)))
        if self.has("listener"):  # it comes back in time, and its session has kept what it missed
            entries.append({"do": d.choice(("reset", "link_down")), "at": self.time(0.3, 0.6), "who": {"fleet": "listener"}})
            if entries[-1]["do"] == "link_down":
                entries[-1].update({"for": self.time(0.001, 0.05), "how": "reset"})
        return entries


def write(scenario, path):
    """As YAML of which people can read and comment out a line: one for each entry of a map or list."""
    lines = []
    for key, value in scenario.items():
        if isinstance(value, dict) and key != "builtin":
            lines.append("%s:" % key)
            lines += ["  %s: %s" % (name, json.dumps(entry)) for name, entry in value.items()]
        elif isinstance(value, list):
            lines.append("%s:" % key)
            lines += ["  - %s" % json.dumps(entry) for entry in value]
        else:
            lines.append("%s: %s" % (key, json.dumps(value)))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def read_series(directory):
    with open(os.path.join(directory, "series.csv"), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def read_events(directory):
    """All lines, each checked against its CRC and its number."""
    events = []
    with open(os.path.join(directory, "events.ndjson"), "rb") as f:
        for number, line in enumerate(f):
            head, _, crc = line.rstrip(b"\n").rpartition(b',"crc":"')
            suite.equal("%08x" % zlib.crc32(head), crc.rstrip(b'"}').decode(), "crc of line %d of events.ndjson" % number)
            event = json.loads(line)
            suite.equal(event["n"], number, "number of a line of events.ndjson")
            events.append(event)
    return events


def books(operations, where):
    """Every operation ends exactly once, and every end has a cause."""
    for name, o in operations.items():
        what = "%s%s" % (where, name)
        suite.equal(o["intended"], o["count"] + o["withdrawn"] + o["dropped"] + o["open"], what + ": intended and its ends")
        suite.equal(o["count"], o["ok"] + o["failed"], what + ": count")
        suite.equal(o["failed"], o["refused"] + o["timeout"] + o["broken"], what + ": failed")
        suite.equal(o["dropped"], sum(o["dropped_because"].values()), what + ": dropped and its reasons")
        suite.equal(o["late"], 0, what + ": late in simulated time")
        for key, value in o.items():
            suite.check(not isinstance(value, (int, float)) or value >= 0, "%s: %s is %s" % (what, key, value))


def messages_hold(m, where):
    suite.check(m["sent"] >= m["acked"], "%s: sent %s, acked %s" % (where, m["sent"], m["acked"]))
    for qos, of in m["qos"].items():
        suite.check(of["sent"] >= of["acked"] + of["lost"], "%s: QoS %s: sent %s, acked %s, lost %s"
                    % (where, qos, of["sent"], of["acked"], of["lost"]))
    for key in ("sent", "acked"):
        suite.equal(m[key], sum(of[key] for of in m["qos"].values()), "%s: %s by QoS" % (where, key))


def fleets_add_up(summary):
    for name, o in summary["operations"].items():
        for key in ("intended", "ok", "failed", "withdrawn", "dropped", "open"):
            parts = sum(f["operations"].get(name, {}).get(key, 0) for f in summary["fleets"].values())
            suite.equal(parts, o[key], "%s: %s of all fleets" % (name, key))
    for key in ("sent", "acked", "lost", "resent", "device_received", "device_duplicated"):
        parts = sum(f["messages"][key] for f in summary["fleets"].values())
        suite.equal(parts, summary["messages"][key], "%s of all fleets" % key)


def energy_holds(e, where):
    """Batteries lose what something took, and nothing goes below empty or above full."""
    for cause, joules in e["causes_j"].items():
        suite.check(joules >= 0, "%s: %s took %s J" % (where, cause, joules))
    total = sum(e["causes_j"].values())
    suite.check(abs(total - e["used_j"]) <= 1e-6 * max(1.0, total), "%s: causes took %s J of %s J" % (where, total, e["used_j"]))
    suite.check(0 <= e["tail_j"] <= e["used_j"] * (1 + 1e-9), "%s: tails took %s J of %s J" % (where, e["tail_j"], e["used_j"]))
    suite.check(e["harvested_j"] >= 0, "%s: harvested %s J" % (where, e["harvested_j"]))
    for key, soc in (e["soc"] or {}).items():
        suite.check(soc is None or 0 <= soc <= 1, "%s: state of charge %s is %s" % (where, key, soc))


def rows_hold(rows, summary, devices):
    """Each device is in one state in each row, and the rows add up to the result."""
    suite.check(rows, "series.csv is empty")
    for row in rows:
        states = [int(row[s]) for s in STATES]
        suite.check(min(states) >= 0 and sum(states) == devices, "states at %s s: %s of %d" % (row["time_s"], states, devices))
        for key in ("soc_p5", "soc_p25", "soc_p50", "soc_p75", "soc_p95"):
            suite.check(not row[key] or 0 <= float(row[key]) <= 1, "%s at %s s is %s" % (key, row["time_s"], row[key]))
    publishes = [summary["operations"].get(o, {}) for o in ("mqtt.publish.ack", "mqtt.publish.sent")]
    for column, expected in (("publishes_sent", summary["messages"]["sent"]), ("publishes_acked", summary["messages"]["acked"]),
                             ("publishes_failed", sum(p.get("failed", 0) for p in publishes)),
                             ("publishes_dropped", sum(p.get("dropped", 0) for p in publishes))):
        suite.equal(sum(int(row[column] or 0) for row in rows), expected, "sum of %s" % column)


def events_hold(events, summary):
    """The log ends as it should, and its tallies are those of the summary."""
    suite.equal(events[-1]["kind"], "ended", "last line of events.ndjson")
    sums = {}
    for event in events:
        if event["kind"] == "tally":
            of = sums.setdefault(event["operation"], {})
            for key in ("ok", "refused", "timeout", "broken", "withdrawn", "open"):
                of[key] = of.get(key, 0) + event.get(key, 0)
    for name, o in summary["operations"].items():
        for key, value in sums.get(name, {}).items():
            suite.equal(value, o[key], "%s: %s of all tallies" % (name, key))


def heard(scenario, summary):
    """Every acknowledged message came to the listener, and nothing that nobody sent."""
    builtin = scenario.get("builtin", {})
    listener = summary["fleets"]["listener"]
    steady = listener["operations"]["mqtt.connect.ack"]["intended"] == 1 and "mqtt.subscribe.ack" in listener["operations"]
    kept = not any(m in builtin for m in (*DISHONEST, *HONEST, "session_expiry", "sessions", "connections"))
    if any(limit in builtin for limit in ("queue", "inflight", *DISHONEST)) or not (steady or kept):
        return
    m = summary["messages"]
    sent, acked = (sum(of[key] for qos, of in m["qos"].items() if qos != "0") for key in ("sent", "acked"))
    got = listener["messages"]["device_received"] - listener["messages"]["device_duplicated"]
    suite.check(acked <= got, "%d messages were acknowledged, and %d arrived" % (acked, got))
    suite.check(got <= sent + m["resent"], "%d messages were sent, %d again, and %d arrived" % (sent, m["resent"], got))


def invariants(scenario, directory):
    """Whatever a scenario does to its devices, its results keep these."""
    summary = suite.summary(directory)
    devices = sum(f["count"] for f in scenario["fleets"].values())
    builtin = scenario.get("builtin", {})
    suite.equal(summary["devices"]["count"], devices, "devices")
    suite.check(summary["trust"]["trustworthy"] and not summary["trust"]["findings"], "trust: %s" % summary["trust"]["findings"])
    suite.equal(summary["tool"]["dropped"], 0, "log records dropped")
    books(summary["operations"], "")
    messages_hold(summary["messages"], "all")
    for name, fleet in summary["fleets"].items():
        books(fleet["operations"], name + ": ")
        messages_hold(fleet["messages"], name)
        if fleet.get("energy"):
            energy_holds(fleet["energy"], name)
    fleets_add_up(summary)
    if not any(m in builtin for m in (*DISHONEST, *HONEST)):
        publishes = summary["operations"].get("mqtt.publish.ack", {"failed": 0})
        suite.check(summary["messages"]["lost"] <= publishes["failed"], "lost with an honest broker")
        suite.equal(summary["mqtt"]["violations"], 0, "violations of an honest broker")
    if summary.get("energy"):
        energy_holds(summary["energy"], "all")
    rows_hold(read_series(directory), summary, devices)
    events_hold(read_events(directory), summary)
    heard(scenario, summary)
    return summary


def run_seed(seed, keep, twice):
    """None, or what is wrong with the seed and how to see it again."""
    scenario = Maker(seed).scenario()
    root = tempfile.mkdtemp(prefix="muster-swarm-")
    path = os.path.join(root, "swarm-%d.yaml" % seed)
    try:
        write(scenario, path)
        outs = [os.path.join(root, "out%d" % i) for i in range(2 if twice else 1)]
        for out in outs:
            done = suite.muster("run", path, "--virtual", "--seed", seed, "--out", out, "--quiet", timeout=300,
                                env={"MUSTER_DATA": suite.ROOT})
            suite.check(done.status in (0, 10), "exit status %s\n%s" % (done.status, done.stderr[-2000:]))
            invariants(scenario, out)
        if twice:
            first, second = (suite.summary(out)["simulation"] for out in outs)
            suite.equal(second, first, "simulation of the second run")
            for log in LOGS:
                suite.check(filecmp.cmp(*(os.path.join(out, log) for out in outs), shallow=False), "%s of two runs differs" % log)
        return None
    except Exception as error:  # whatever went wrong is this seed's failure, and the others go on
        os.makedirs(keep, exist_ok=True)
        kept = os.path.join(os.path.abspath(keep), os.path.basename(path))
        shutil.copy(path, kept)
        return "seed %d: %s: %s\n  MUSTER_DATA=. muster run %s --virtual --seed %d" % (seed, type(error).__name__, error, kept, seed)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def run(seeds, keep, jobs=2):
    """Yields (seed, None or what is wrong) as seeds end. Every fifth is run twice and has to be the same."""
    with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
        pending = {pool.submit(run_seed, seed, keep, seed % 5 == 0): seed for seed in seeds}
        for job in concurrent.futures.as_completed(pending):
            yield pending[job], job.result()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default=os.path.join(suite.BUILD, "swarm"))
    options = parser.parse_args()
    passed = failed = 0
    for _, wrong in run(range(options.first, options.first + options.seeds), options.keep, options.jobs):
        if wrong:
            failed += 1
            print("FAIL " + wrong, flush=True)
        else:
            passed += 1
        if (passed + failed) % 50 == 0:
            print("NOTE %d of %d seeds done, %d failed" % (passed + failed, options.seeds, failed), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
