#!/usr/bin/env python3
"""A TCP proxy that reads the MQTT between devices and a broker, and counts it. It shares no code with what it counts.

usage: proxy_server.py PORT TARGET_PORT

SIGTERM ends it: what it counted is printed as one JSON object. SIGUSR1 resets all connections. When one side closes, the
other is read to its end before it is closed, so that every byte that was sent is counted.
"""

import asyncio
import json
import signal
import socket
import struct
import sys

TYPES = [None, "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp", "subscribe", "suback",
         "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth"]
DRAIN_S = 5

# length of MQTT 5 properties that a PUBLISH may carry; "s": one string or blob, "p": two strings, "v": variable integer
PROPERTIES = {0x01: 1, 0x02: 4, 0x03: "s", 0x08: "s", 0x09: "s", 0x0B: "v", 0x23: 2, 0x26: "p"}


def variable(data, at):
    """(value, next position) of a variable byte integer; None when it is not all there."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at
        if shift > 21:
            raise ValueError("a variable byte integer of more than 4 bytes")
    return None


def topic_alias(properties):
    """The topic alias among the properties of a PUBLISH, or 0."""
    at = 0
    while at < len(properties):
        kind, alias_at = PROPERTIES[properties[at]], at + 1
        if properties[at] == 0x23:
            return struct.unpack_from(">H", properties, alias_at)[0]
        at += 1
        if kind == "v":
            at = variable(properties, at)[1]
        elif isinstance(kind, int):
            at += kind
        else:
            for _ in range(2 if kind == "p" else 1):
                at += 2 + struct.unpack_from(">H", properties, at)[0]
    return 0


class Direction:
    """What goes one way, over all connections."""

    def __init__(self):
        self.bytes = 0
        self.packets = dict.fromkeys(TYPES[1:], 0)
        self.publish_qos = [0, 0, 0]
        self.dup = 0
        self.refused = 0  # CONNACKs with another code than success
        self.distinct = set()

    def report(self):
        return {"bytes": self.bytes, **self.packets, "publish_qos": self.publish_qos, "dup": self.dup,
                "refused": self.refused, "distinct": len(self.distinct)}


class Counts:
    def __init__(self):
        self.up, self.down = Direction(), Direction()
        self.accepted = self.unreachable = self.open = self.open_peak = self.undecoded = 0
        self.clients = set()

    def report(self):
        return {"accepted": self.accepted, "unreachable": self.unreachable, "open_peak": self.open_peak,
                "undecoded": self.undecoded, "clients": len(self.clients),
                "up": self.up.report(), "down": self.down.report()}


class Half:
    """The bytes of one direction of one connection, cut into packets."""

    def __init__(self, link, direction):
        self.link, self.direction = link, direction
        self.rest = b""
        self.aliases = {}

    def feed(self, data):
        self.direction.bytes += len(data)
        data = self.rest + data
        at = 0
        while len(data) - at >= 2:
            length = variable(data, at + 1)
            if length is None or length[1] + length[0] > len(data):
                break
            end = length[1] + length[0]
            self.packet(data[at], data[length[1] : end])
            at = end
        self.rest = data[at:]

    def packet(self, first, body):
        kind = TYPES[first >> 4]
        self.direction.packets[kind] += 1
        if kind == "connect":
            self.link.version = body[2 + struct.unpack_from(">H", body)[0]]
            self.connect(body)
        elif kind == "connack":
            self.direction.refused += body[1] != 0
        elif kind == "publish":
            self.publish(first, body)

    def connect(self, body):
        at = 2 + struct.unpack_from(">H", body)[0] + 4
        if self.link.version == 5:
            length, at = variable(body, at)
            at += length
        size = struct.unpack_from(">H", body, at)[0]
        self.link.counts.clients.add(body[at + 2 : at + 2 + size])

    def publish(self, first, body):
        qos = first >> 1 & 3
        self.direction.publish_qos[qos] += 1
        self.direction.dup += first >> 3 & 1
        size = struct.unpack_from(">H", body)[0]
        topic, at = body[2 : 2 + size], 2 + size + (2 if qos else 0)
        if self.link.version == 5:
            length, at = variable(body, at)
            alias = topic_alias(body[at : at + length])
            at += length
            if alias and topic:
                self.aliases[alias] = topic
            topic = topic or self.aliases.get(alias, b"")
        self.direction.distinct.add(hash((topic, bytes(body[at:]))))


class Side(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, link, direction):
        self.link = link
        self.half = Half(link, direction)
        self.transport = None
        self.other = None
        self.waiting = []
        self.ended = False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for data in self.waiting:
            transport.write(data)
        if self.ended:
            transport.write_eof()

    def data_received(self, data):
        try:
            self.half.feed(data)
        except (ValueError, KeyError, IndexError, struct.error, TypeError):
            self.link.counts.undecoded += 1
            self.half.feed = lambda _: None
        self.other.write(data)

    def write(self, data):
        if self.transport is None:
            self.waiting.append(data)
        elif not self.transport.is_closing():
            self.transport.write(data)

    def end(self):
        """The far side has sent its last byte."""
        self.ended = True
        if self.transport and not self.transport.is_closing():
            if self.transport.can_write_eof():
                self.transport.write_eof()
            asyncio.get_running_loop().call_later(DRAIN_S, self.abort)

    def abort(self):
        if self.transport:
            self.transport.abort()

    def eof_received(self):
        self.other.end()
        return True  # stay open for what the other side still sends

    def connection_lost(self, error):
        self.link.lost(self, error)


class Link:
    """One connection of a device and the one to the broker that belongs to it."""

    def __init__(self, counts, links):
        self.counts, self.links = counts, links
        self.version = 4
        self.client, self.broker = Side(self, counts.up), Side(self, counts.down)
        self.client.other, self.broker.other = self.broker, self.client
        self.alive = 2

    def accepted(self, target_port):
        self.counts.accepted += 1
        self.counts.open += 1
        self.counts.open_peak = max(self.counts.open_peak, self.counts.open)
        self.links.add(self)
        asyncio.get_running_loop().create_task(self.reach(target_port))
        return self.client

    async def reach(self, target_port):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.broker, "127.0.0.1", target_port)
        except OSError:
            self.counts.unreachable += 1
            self.lost(self.broker, None)

    def lost(self, side, error):
        self.alive -= 1
        if side is self.client:
            self.counts.open -= 1
        if self.alive == 0:
            self.links.discard(self)
        elif error and side is self.client:
            side.other.abort()
        else:
            side.other.end()

    def reset(self):
        for side in (self.client, self.broker):
            if side.transport:
                linger = struct.pack("ii", 1, 0)
                side.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                side.transport.abort()


async def main(port, target_port):
    counts, links = Counts(), set()
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    server = await loop.create_server(lambda: Link(counts, links).accepted(target_port), "127.0.0.1", port, backlog=1024)
    loop.add_signal_handler(signal.SIGTERM, lambda: ended.done() or ended.set_result(None))
    loop.add_signal_handler(signal.SIGUSR1, lambda: [link.reset() for link in list(links)])
    print("ready", flush=True)
    await ended
    server.close()
    print(json.dumps(counts.report()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
