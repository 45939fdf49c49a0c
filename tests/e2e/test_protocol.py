"""Every feature of the device stack that a scenario can ask for is taken by Mosquitto without a complaint; AUTH, which needs a plugin
there, by the built-in broker."""
# time limit: 200 s

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import brokers
import processes
import suite

COMMON = """\
version: 1
name: {protocol} features
seed: 3
target: {target}
duration: 12s
settle: 5s
trust: {{lag: 10s, stall: 10s}}
profiles:
  device:
    protocol: {protocol}
    mqtt:
      keepalive: 2s
      clean_start: false
      inflight: 5
      will: {{topic: "will/${{device.id}}", payload: gone, qos: 1, retain: true{will}}}
{mqtt}
    reconnect: {{policy: fixed, first: 300ms}}
fleets:
  senders:
    count: 30
    profile: device
    telemetry:
      - {{every: 400ms, topic: "q0/${{device.id}}", payload: "${{msg.mark}} zero", qos: 0{publish}}}
      - {{every: 500ms, topic: "q1/${{device.id}}", payload: "random(2KiB)", qos: 1, retain: true{publish}}}
      - {{every: 700ms, topic: "q2/${{device.id}}", payload: "${{msg.seq}} ${{msg.mark}}", qos: 2{publish}}}
  listeners:
    count: 4
    profile: device
    telemetry: {{every: 20s, topic: "idle/${{device.id}}", payload: x}}
    subscribe:
{subscribe}
  quiet: {{count: 3, profile: device, telemetry: {{every: 1h, topic: "quiet/${{device.id}}", payload: x}}}}
timeline:
  - {{do: connect, who: {{fleet: [listeners, quiet]}}}}
  - {{do: connect, who: {{fleet: senders}}, at: 1s, over: 1s}}
  - {{id: cut, at: 5s, do: reset, who: {{percent: 50}}}}
  - {{id: leave, at: 8s, do: disconnect, who: {{fleet: senders, count: 5}}, for: 1s}}
checks:
  - {{expect: ratio(mqtt.connect.ok) == 100%}}
  - {{expect: count(mqtt.violation) == 0, kind: conformance}}
  - {{expect: lost(mqtt.publish) == 0, kind: conformance}}
  - {{expect: count(mqtt.subscribe.refused) == 0}}
  - {{expect: count(mqtt.publish.refused) == 0}}
  - {{expect: count(mqtt.session.lost) == 0}}
  - {{expect: count(mqtt.end_to_end) > 500}}
"""

FEATURES = {
    "mqtt311": {"will": "", "mqtt": "", "publish": "",
                "subscribe": '      - {filter: "q0/#", qos: 0}\n      - {filter: "q1/+", qos: 1}\n      - {filter: "q2/#", qos: 2}'},
    "mqtt5": {
        "will": ", delay: 1s, expiry: 1h",
        "mqtt": "      session_expiry: 10min\n      receive_maximum: 10\n      maximum_packet_size: 64KiB\n"
                "      topic_alias_maximum: 5\n      topic_aliases: true\n      user_properties: {firmware: 1.2.3, site: north}\n"
                "      request_response_information: true\n      request_problem_information: false",
        "publish": ', message_expiry: 1h, content_type: text/plain, response_topic: "reply/${device.id}", '
                   'correlation_data: "${msg.seq}", user_properties: {unit: none}',
        "subscribe": '      - {filter: "q0/#", qos: 0, id: 7, no_local: true}\n'
                     '      - {filter: "q1/+", qos: 1, id: 7, retain_handling: 1, retain_as_published: true}\n'
                     '      - {filter: "$share/group/q2/#", qos: 2, id: 268435455}',
    },
}


def run(target, protocol):
    directory = processes.Directory("protocol")
    try:
        scenario = directory.file("scenario.yaml", COMMON.format(target=target, protocol=protocol, **FEATURES[protocol]))
        out = os.path.join(directory.path, "run")
        suite.muster("run", scenario, "--out", out, "--quiet").expect(0)
        summary = suite.summary(out)
        publish = summary["operations"]["mqtt.publish.ack"]
        suite.equal((publish["failed"], publish["open"]), (0, 0), "failed and open publishes")
        suite.check(summary["operations"]["mqtt.ping.ack"]["ok"] > 0, "no ping was answered")
    finally:
        directory.close()


def add(protocol):
    @suite.case(f"Mosquitto takes all that {protocol} devices can be told to send")
    def _():
        suite.need(brokers.Mosquitto)
        with brokers.Mosquitto(settings=("max_queued_messages 100000", "max_inflight_messages 0")) as broker:
            run(broker.uri, protocol)
            complaints = [line for line in broker.log().splitlines() if "rotocol error" in line or "alformed" in line]
            suite.equal(complaints, [], "complaints in the broker's log")

    @suite.case(f"so does the built-in broker, {protocol}")
    def _():
        run("builtin", protocol)


for name in FEATURES:
    add(name)

AUTH = """\
version: 1
name: enhanced authentication
seed: 1
target: builtin
duration: 3s
settle: 1s
trust: {lag: 10s, stall: 10s}
profiles:
  device: {mqtt: {auth: {method: METHOD, data: hello}}}
fleets:
  devices: {count: 20, profile: device, telemetry: {every: 500ms, topic: "a/${device.id}", payload: "x", qos: 1}}
timeline:
  - {do: connect, who: all}
checks:
  - {expect: ratio(mqtt.connect.ok) == 100%}
  - {expect: count(mqtt.violation) == 0}
"""


@suite.case("AUTH: the built-in broker's challenge is answered, and an unknown method is refused")
def _():
    directory = processes.Directory("auth")
    try:
        scenario = directory.file("auth.yaml", AUTH.replace("METHOD", "muster-echo"))
        suite.muster("run", scenario, "--out", os.path.join(directory.path, "good"), "--quiet").expect(0)
        scenario = directory.file("other.yaml", AUTH.replace("METHOD", "SCRAM-SHA-1"))
        suite.muster("run", scenario, "--out", os.path.join(directory.path, "bad"), "--quiet").expect(10)
        connect = suite.summary(os.path.join(directory.path, "bad"))["operations"]["mqtt.connect.ack"]
        suite.equal((connect["ok"], connect["refused"] > 0), (0, True), "accepted, and some refused")
    finally:
        directory.close()


suite.main()
