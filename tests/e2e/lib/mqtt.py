"""The few MQTT packets that tests need to ask a broker whether it is there and what it speaks."""

import socket
import struct

VERSIONS = {"3.1.1": 4, "5.0": 5}


class MqttError(Exception):
    """The peer closed, or answered something else than expected."""


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def packet(first, body):
    length, rest = b"", len(body)
    while True:
        length += bytes([rest % 128 | (128 if rest >= 128 else 0)])
        rest //= 128
        if rest == 0:
            return bytes([first]) + length + body


def connect_packet(client_id, level, keep_alive=60, credentials=None):
    flags = 0xC2 if credentials else 0x02
    properties = b"\0" if level == 5 else b""
    fields = b"".join(text(field) for field in (client_id, *(credentials or ())))
    return packet(0x10, text("MQTT") + bytes([level, flags]) + struct.pack(">H", keep_alive) + properties + fields)


def read_packet(stream):
    """(first byte, body) of the next packet."""
    first = stream.read(1)
    if not first:
        raise MqttError("the peer closed")
    length = shift = 0
    while True:
        byte = stream.read(1)
        if not byte:
            raise MqttError("the peer closed within a packet")
        length |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            break
    return first[0], stream.read(length)


def connack(port, version="3.1.1", credentials=None, host="127.0.0.1", seconds=5):
    """The reason code of CONNACK; raises MqttError or OSError when none comes."""
    with socket.create_connection((host, port), seconds) as s:
        s.sendall(connect_packet("muster-probe", VERSIONS[version], credentials=credentials))
        first, body = read_packet(s.makefile("rb"))
        if first != 0x20 or len(body) < 2:
            raise MqttError(f"packet {first:#04x} instead of CONNACK")
        s.sendall(b"\xe0\0")
        return body[1]


def accepts(port, version="3.1.1", credentials=None, host="127.0.0.1"):
    try:
        return connack(port, version, credentials, host) == 0
    except (MqttError, OSError):
        return False


def spoken_versions(port, credentials=None, host="127.0.0.1"):
    """The versions that the broker accepts a CONNECT of."""
    return [v for v in VERSIONS if accepts(port, v, credentials, host)]
