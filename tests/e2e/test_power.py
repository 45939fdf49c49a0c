"""Power: lifetimes that were computed by hand, what a backend costs its devices, and what happens to them when power goes."""
# time limit: 240 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import processes
import suite

directory = processes.Directory("power")
DAY = 86400.0


def run(name, text, *more, status=0, timeout=150):
    scenario = directory.file(name + ".yaml", "version: 1\nname: %s\nseed: 11\n" % name + text)
    out = os.path.join(directory.path, name + ("-2" if more else ""))
    done = suite.muster("run", scenario, "--virtual", "--out", out, "--quiet", timeout=timeout)
    done.expect(status)
    return suite.summary(out)


def energy(summary, fleet):
    return summary["fleets"][fleet]["energy"]


def near(value, expected, share, what):
    suite.check(abs(value - expected) <= share * expected, "%s is %.4g, expected %.4g" % (what, value, expected))


# What an access costs stands for everything that it does, so the device sleeps between them and its connection is part of it.
LIVES = """\
duration: %s
target: builtin
profiles:
  d-good: {power: {floor: 10uA, battery: {chemistry: li-socl2-d, usable: 80%%, shelf: unlimited}, radio: {access: 0.5J, inactivity: 3s}, sleep: {linger: 100ms}}}
  d-bad: {extends: d-good, power: {radio: {access: 30J}}}
  aa-good: {extends: d-good, power: {battery: {chemistry: li-socl2-aa}}}
  aa-bad: {extends: aa-good, power: {radio: {access: 30J}}}
  esp: {power: {voltage: 3V, load: current, floor: 15uA, battery: {chemistry: alkaline-aa, cells: 2, usable: 60%%}, radio: {access: 327mJ, inactivity: 1s}, sleep: {linger: 100ms}}}
  esp-http: {extends: esp, power: {radio: {access: 1.023J}}}
  esp-on: {mqtt: {keepalive: 0s}, power: {voltage: 3V, load: current, floor: 2.33mA, battery: {chemistry: alkaline-aa, cells: 2, parallel: 2, usable: 60%%}}}
fleets:
  d-good: {count: 3, profile: d-good, telemetry: {every: 1day, topic: t, payload: x, qos: 1}}
  d-bad: {count: 3, profile: d-bad, telemetry: {every: 1day, topic: t, payload: x, qos: 1}}
  aa-good: {count: 3, profile: aa-good, telemetry: {every: 1h, topic: t, payload: x, qos: 1}}
  aa-bad: {count: 3, profile: aa-bad, telemetry: {every: 1h, topic: t, payload: x, qos: 1}}
  esp: {count: 3, profile: esp, telemetry: {every: 1h, topic: t, payload: x}}
  esp-http: {count: 3, profile: esp-http, telemetry: {every: 1h, topic: t, payload: x}}
  esp-on: {count: 3, profile: esp-on}
"""


@suite.case("lives are those computed by hand, foretold and lived")
def _():
    s = run("lives", LIVES % "90day")
    expected = {"d-good": 52 * 365, "d-bad": 13.5 * 365, "aa-good": 4.3 * 365, "aa-bad": 34, "esp": 3.8 * 365,
                "esp-http": 1.7 * 365, "esp-on": 63}
    for fleet, days in expected.items():
        near(energy(s, fleet)["projected_life_days"]["p50"], days, 0.2, "life of " + fleet)
    for fleet in ("aa-bad", "esp-on"):  # they did not live to see the end
        suite.check(energy(s, fleet)["died"] == 3, "%s: %s died" % (fleet, energy(s, fleet)["died"]))
    suite.check(energy(s, "d-good")["died"] == 0, "a D cell died")


COUPLING = """\
duration: 10day
target: builtin
%s
profiles:
  k60:
    mqtt: {keepalive: 60s, clean_start: false, session_expiry: 1day}
    power:
      voltage: 3.7V
      load: current
      floor: 40uA
      battery: {chemistry: lipo, capacity: 5Ah, self_discharge: 0%%/year}
      radio: {wake: 360mJ, transmit: 900mW, receive: 216mW, connected: 18mW, inactivity: 10s, up: 200kbps, down: 300kbps}
  k1200: {extends: k60, mqtt: {keepalive: 1200s}}
fleets:
  k60: {count: 5, profile: k60, telemetry: {every: 6h, topic: t, payload: "random(100B)", qos: 1}, subscribe: ["c/${device.id}"]}
  k1200: {count: 5, profile: k1200, telemetry: {every: 6h, topic: t, payload: "random(100B)", qos: 1}, subscribe: ["c/${device.id}"]}
timeline:
  - {do: connect}
%s
"""


@suite.case("keep-alives cost what their interval says")
def _():
    s = run("keepalive", COUPLING % ("", ""))
    pings = {"k60": 10 * DAY / 60, "k1200": 10 * DAY / 1200}
    for fleet, n in pings.items():
        used = energy(s, fleet)["causes_j"]
        near(used["keepalive"] / 5, n * (0.36 + 0.18), 0.05, "energy of pings of " + fleet)
        mah = energy(s, fleet)["used_j"] / 5 / 3.7 / 3.6
        near(energy(s, fleet)["projected_life_days"]["p50"], 5000 / mah * 10, 0.02, "life of " + fleet)
    # 0.54 J a ping at 3.7 V: 58 mAh a day each minute, 2.9 every 20 minutes
    near(energy(s, "k60")["causes_j"]["keepalive"] / 5 / 10 / 3.7 / 3.6, 58, 0.05, "mAh of pings a day")
    lives = [energy(s, f)["projected_life_days"]["p50"] for f in ("k1200", "k60")]
    suite.check(lives[0] > 5 * lives[1], "lives %s" % lives)


@suite.case("what a backend costs by cutting connections and forgetting sessions has names of its own")
def _():
    often = COUPLING.replace("every: 6h", "every: 30min")
    plain = run("undisturbed", often % ("", ""))
    cuts = run("cuts", often % ("builtin: {reset_after: 3}", ""))
    forgets = run("forgets", often % ("builtin: {reset_after: 3, forget_sessions: true}", ""))
    for fleet in ("k60", "k1200"):
        none, some, more = (energy(s, fleet) for s in (plain, cuts, forgets))
        suite.equal(none["causes_j"]["reconnect"], 0, "reconnects with a good backend")
        suite.equal(none["causes_j"]["session_lost"], 0, "sessions lost by a good backend")
        suite.check(some["causes_j"]["reconnect"] > 1, "reconnects cost %s" % some["causes_j"])
        suite.equal(some["causes_j"]["session_lost"], 0, "sessions lost by a backend that keeps them")
        suite.check(more["causes_j"]["session_lost"] > 0, "lost sessions cost %s" % more["causes_j"])
        suite.check(none["used_j"] < some["used_j"] < more["used_j"],
                    "used %s, %s, %s" % (none["used_j"], some["used_j"], more["used_j"]))
        life = [e["projected_life_days"]["p50"] for e in (none, some, more)]
        suite.check(life[0] >= life[1] >= life[2], "lives %s" % life)  # known to a hundredth only
        suite.check(fleet == "k60" or life[0] > life[2], "lives %s" % life)


# Behind a narrow radio every byte counts: 2 kbit/s at 0.9 W up, 10 kbit/s at 0.216 W down, 40 bytes of headers on every unit and on its
# acknowledgement, 0.25 J to wake up, 30 mW for 20 s after the last byte, 36 uW always, all at 3.6 V.
NARROW = """\
duration: 10day
target: builtin
%s
profiles:
  often:
    mqtt: {keepalive: 60s, %s}
    reconnect: {policy: fixed, first: 60s}
    power:
      voltage: 3.6V
      load: current
      floor: 10uA
      battery: {chemistry: lipo, capacity: 5Ah, self_discharge: 0%%/year}
      radio: {wake: 250mJ, transmit: 900mW, receive: 216mW, connected: 30mW, inactivity: 20s, up: 2kbps, down: 10kbps, overhead: 40B}
  rarely: {extends: often, mqtt: {keepalive: 1200s}}
  sleeper: {extends: often, mqtt: {keepalive: 0s}, power: {sleep: {linger: 100ms}}}
fleets:
  often: {count: 6, profile: often, telemetry: {every: 30min, jitter: "uniform(0s, 5min)", topic: "t/${device.index}", payload: "random(100B)", qos: 1}, subscribe: ["%s/${device.index}"]}
  rarely: {count: 6, profile: rarely, telemetry: {every: 30min, jitter: "uniform(0s, 5min)", topic: "t/${device.index}", payload: "random(100B)", qos: 1}, subscribe: ["%s/${device.index}"]}
  sleeper: {count: 6, profile: sleeper, telemetry: {every: 30min, jitter: "uniform(0s, 5min)", topic: "t/${device.index}", payload: "random(100B)", qos: 1}, subscribe: ["%s/${device.index}"]}
timeline:
  - {do: connect, over: 30min}
"""
FILTER = "c" * 60  # long, as filters of cloud services are

WAKE, TAIL = 0.25, 20 * 0.03
KEPT, CLEAN = "clean_start: false, session_expiry: 1day", "clean_start: true"


def air(*units):
    """Joules of units, each (bytes up, bytes down), with headers and acknowledgements."""
    up = sum(u for u, _ in units) + 40 * len(units)
    down = sum(d for _, d in units) + 40 * len(units)
    return up * 8 / 2000 * 0.9 + down * 8 / 10000 * 0.216


HANDSHAKE = 2 * 40 * 8 / 2000 * 0.9 + 40 * 8 / 10000 * 0.216  # SYN, SYN and ACK, ACK
CONNECT = HANDSHAKE + air((45, 0), (0, 24))
SUBSCRIBE = air((70, 0)) + 6 * 8 / 10000 * 0.216  # its answer comes together with that to the message
PUBLISH = air((111, 0), (0, 6))
PING = air((2, 0), (0, 2))
GOODBYE = air((2, 0))


def expected_days(fleet, cuts, resubscribes):
    """By hand: 48 messages a day; of every three PUBLISH packets one ends in a cut if there are cuts, and is sent again: half as many cuts as
    messages. Each cut is a connection more, 60 s later, so with a wake-up and a tail of its own."""
    messages = 48.0
    joules = 36e-6 * DAY + messages * (WAKE + TAIL + PUBLISH)
    broken = messages / 2 if cuts else 0
    again = CONNECT + PUBLISH + (SUBSCRIBE if resubscribes else 0)
    if fleet == "sleeper":
        joules += messages * (CONNECT + GOODBYE + (SUBSCRIBE if resubscribes else 0))
    else:
        pings = {"often": DAY / 60 - messages, "rarely": messages}[fleet]
        joules += pings * (WAKE + TAIL + PING)
    joules += broken * (WAKE + TAIL + again)
    return 5.0 * 3600 * 3.6 / joules


VARIANTS = [  # name, settings of the broker, session, cuts, does a connection subscribe anew?
    ("kept", "", KEPT, False, False),
    ("clean", "", CLEAN, False, True),
    ("cut-kept", "builtin: {reset_after: 3}", KEPT, True, False),
    ("cut-clean", "builtin: {reset_after: 3}", CLEAN, True, True),
    ("cut-forgot", "builtin: {reset_after: 3, forget_sessions: true}", KEPT, True, True),
]


@suite.case("keep-alive, resumed sessions and forgotten ones give the lives that formulas give")
def _():
    lives = {}
    for name, broker, session, cuts, resubscribes in VARIANTS:
        s = run("narrow-" + name, NARROW % (broker, session, FILTER, FILTER, FILTER))
        for fleet in ("often", "rarely", "sleeper"):
            e = energy(s, fleet)
            lives[name, fleet] = e["projected_life_days"]["p50"]
            days = expected_days(fleet, cuts, resubscribes)
            print("%-10s %-7s %7.1f days, by hand %7.1f" % (name, fleet, lives[name, fleet], days))
            near(lives[name, fleet], days, 0.10, "life of %s with %s sessions" % (fleet, name))
            lost = {row["cause"]: row for row in e["backend"]}
            suite.check((lost["reconnect"]["used_j"] > 0) == cuts, "%s: %s" % (name, lost))
            suite.check((lost["session_lost"]["used_j"] > 0) == (name == "cut-forgot"), "%s: %s" % (name, lost))
            # what the report says that pings cost is what fewer of them would give back
            if fleet == "often":
                pings = lost["keepalive"]["used_j"] / e["used_j"]
                near(lost["keepalive"]["life_lost_days"], lives[name, fleet] * pings / (1 - pings), 0.02, "days lost")
    suite.check(lives["kept", "rarely"] > 5 * lives["kept", "often"], "%s" % lives)
    for fleet in ("rarely", "sleeper"):
        order = [lives[v, fleet] for v in ("kept", "cut-kept", "cut-forgot")]
        suite.check(order[0] > order[1] > order[2], "%s: %s" % (fleet, order))


OUTAGE = """\
duration: 2h
target: builtin
profiles:
  meter: {power: {mains: true, hold_up: 30s, boot: "uniform(0s, 1min)", last_gasp: {topic: "gasp/${device.id}", payload: off, qos: 1}}}
  tracker: {power: {battery: {chemistry: lipo, capacity: 1Ah}, floor: 50uA}}
fleets:
  meters: {count: 40, profile: meter, telemetry: {every: 1min, topic: "m/${device.id}", payload: x, qos: 1}}
  trackers: {count: 40, profile: tracker, telemetry: {every: 1min, topic: "m/${device.id}", payload: x, qos: 1}}
  plain: {count: 20, telemetry: {every: 1min, topic: "m/${device.id}", payload: x, qos: 1}}
timeline:
  - {at: 0s, do: power_on, who: {fleet: meters}, over: 2min}
  - {at: 0s, do: connect, who: {fleet: [trackers, plain]}, over: 1min}
  - {id: blackout, at: 30min, do: power_cut, who: {fleet: [meters, plain]}, for: 10min}
  - {id: low, at: 1h, do: drain, who: {fleet: trackers, percent: 50}, soc: 15%}
  - {id: save, when: battery.soc < 20%, do: disconnect, who: {fleet: trackers}}
  - {id: flat, at: 90min, do: drain, who: {fleet: trackers, index: 0-9}, soc: 0%}
checks:
  - {expect: "max(dead) > 30%"}
  - {expect: "count(mqtt.publish.dropped{reason=dead}) > 0"}
  - {expect: "time_to(online{fleet=meters} >= 99%, from=blackout.end) < 90s"}
  - {expect: "time_to(dead{fleet=meters} >= 99%, from=blackout.start) >= 29s"}
  - {expect: "count(battery.lifetime) == 10"}
  - {expect: "count(device.power_lost) == 70"}
  - {expect: "ratio(mqtt.publish.failed) == 0%"}
  - {expect: "min(battery.soc{fleet=trackers}) == 0%"}
"""


@suite.case("devices lose power, say a last word, and come back")
def _():
    s = run("outage", OUTAGE)
    failed = [c for c in s["checks"] if not c["pass"]]
    suite.check(not failed, "%s" % failed)
    # each meter said its last word, and nothing else while it was dark
    sent = s["fleets"]["meters"]["messages"]["sent"]
    suite.check(sent >= 40 * 105, "meters sent %s" % sent)


@suite.case("equal seeds give equal energies")
def _():
    text = OUTAGE.replace("duration: 2h", "duration: 100min")
    one = run("same", text)
    two = run("same", text, "again")
    suite.check(one["energy"] == two["energy"], "%s\n%s" % (one["energy"], two["energy"]))
    suite.check(one["simulation"]["trace_hash"] == two["simulation"]["trace_hash"], "other steps")


SLEEPING_RADIOS = """\
duration: 1day
target: builtin
networks:
  here: {rtt: 200ms, grants: {tracking_every: 2h}}
profiles:
  psm: {mqtt: {keepalive: 0s}, power: {mains: true, voltage: 3.6V, radio: {wake: 250mJ, connected: 30mW, inactivity: 10s, active: 20s, power_saving: true, tracking_every: 12h, tracking: 250mJ}}}
  edrx: {mqtt: {keepalive: 0s}, power: {mains: true, voltage: 3.6V, radio: {wake: 250mJ, connected: 30mW, inactivity: 10s, edrx: 81.92s}}}
  awake: {mqtt: {keepalive: 0s}, power: {mains: true, voltage: 3.6V, radio: {wake: 250mJ, connected: 30mW, inactivity: 10s}}}
fleets:
  psm: {count: 10, profile: psm, network: here, subscribe: ["d/${device.index}"]}
  reporting: {count: 10, profile: psm, network: here, subscribe: ["d/${device.index}"], telemetry: {every: 1h, topic: "r/${device.index}", payload: x, qos: 1}}
  edrx: {count: 10, profile: edrx, subscribe: ["d/${device.index}"]}
  awake: {count: 10, profile: awake, subscribe: ["d/${device.index}"]}
  callers: {count: 10, telemetry: {every: exp(20min), topic: "d/${device.index}", payload: "random(40B)", qos: 1}}
timeline:
  - {do: connect, over: 10min}
"""


@suite.case("what is sent to a radio in power saving or eDRX waits until it listens")
def _():
    s = run("sleeping", SLEEPING_RADIOS)
    waits = {f: s["fleets"][f]["operations"]["mqtt.end_to_end"] for f in ("psm", "reporting", "edrx", "awake")}
    longest = {f: w["response_ms"]["max"] / 1000 for f, w in waits.items()}
    middle = {f: w["response_ms"]["p50"] / 1000 for f, w in waits.items()}
    print("p50 and longest wait in s: %s" % {f: (middle[f], longest[f]) for f in waits})
    near(longest["psm"], 2 * 3600, 0.05, "longest wait in power saving, updates each 2 h as granted")
    suite.check(longest["reporting"] <= 3600 + 1, "devices that report each hour waited %s s" % longest["reporting"])
    near(longest["edrx"], 81.92, 0.05, "longest wait with eDRX")
    near(middle["edrx"], 41, 0.15, "half of them")
    suite.check(longest["awake"] < 1, "radios that listen waited %s s" % longest["awake"])
    suite.equal(s["messages"]["lost"], 0, "lost")


COVERAGE = """\
duration: 2day
target: builtin
networks:
  near: {rtt: 200ms, attach: 5s, outages: {shadow: {scope: device, mttf: 6h, down: 1min}}}
  cellar: {rtt: 200ms, attach: 5s, coverage: {deep: {share: 100%, energy: 4}}, outages: {shade: {scope: device, mttf: 6h, down: 1min}}}
profiles:
  meter: {mqtt: {keepalive: 0s}, power: {voltage: 3.6V, battery: {chemistry: lipo, capacity: 5Ah}, radio: {access: 350mJ, attach: 2J}}}
fleets:
  near: {count: 20, profile: meter, network: near, telemetry: {every: 1h, topic: "r/${device.index}", payload: x, qos: 1}}
  cellar: {count: 20, profile: meter, network: cellar, telemetry: {every: 1h, topic: "r/${device.index}", payload: x, qos: 1}}
timeline:
  - {do: connect, over: 10min}
"""


@suite.case("coverage makes accesses dearer, and every registration is paid")
def _():
    s = run("coverage", COVERAGE)
    near_by, far = (energy(s, fleet)["causes_j"] for fleet in ("near", "cellar"))
    near(far["message"] / near_by["message"], 4, 0.02, "messages in the cellar by those nearby")
    suite.check(near_by["attach"] > 20 * 2 * 5, "registrations after outages are paid: %s J" % near_by["attach"])
    near(far["attach"] / near_by["attach"], 4, 0.25, "registrations")  # outages are drawn anew
    suite.equal(near_by["attach"] % 2, 0, "a part of a registration")


try:
    suite.main()
finally:
    directory.close()
