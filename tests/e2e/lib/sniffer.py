"""What a sniffer between clients and a broker would have captured, without the rights that sniffing takes: a proxy that remembers every
chunk with its time, and writes them as pcap in whatever form a test wants.

    with Sniffer(broker.port) as sniffer:
        run a client against sniffer.port
    sniffer.write("capture.pcap", link="ethernet", order=">", nanoseconds=True, shuffle=True)
"""

import random
import socket
import struct
import threading
import time

import processes

SYN, FIN, RST, ACK = 2, 1, 4, 16
LINKS = {"raw": 101, "ethernet": 1, "vlan": 1, "null": 0, "sll": 113, "sll2": 276}


class Sniffer:
    def __init__(self, target_port):
        self.target_port = target_port
        self.port = processes.free_port()
        self.events = []  # (unix ns, connection, side, flags, bytes)
        self.lock = threading.Lock()
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.threads = [threading.Thread(target=self._accept, daemon=True)]

    def _note(self, connection, side, flags, data=b""):
        with self.lock:
            self.events.append((time.time_ns(), connection, side, flags, data))

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            connection, self.connections = self.connections, self.connections + 1
            self._note(connection, 0, SYN)
            self._note(connection, 1, SYN | ACK)
            server = socket.create_connection(("127.0.0.1", self.target_port))
            for side, (a, b) in enumerate([(client, server), (server, client)]):
                thread = threading.Thread(target=self._pass, args=(connection, side, a, b), daemon=True)
                self.threads.append(thread)
                thread.start()

    def _pass(self, connection, side, source, sink):
        flags = FIN | ACK
        try:
            while data := source.recv(65536):
                for at in range(0, len(data), 1400):
                    self._note(connection, side, ACK, data[at:at + 1400])
                sink.sendall(data)
        except OSError:
            flags = RST
        self._note(connection, side, flags)
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        for thread in self.threads[1:]:
            thread.join(5)

    def _segments(self, ipv6):
        following = {}
        for at, connection, side, flags, data in sorted(self.events, key=lambda e: e[0]):
            mine = following.setdefault((connection, side), 0xFFFFFE00 + connection)  # so that numbers wrap around
            other = following.setdefault((connection, 1 - side), 0xFFFFFE00 + connection)
            ports = (40000 + connection, 1883)
            tcp = struct.pack(">HHIIBBHHH", ports[side], ports[1 - side], mine, other, 0x50, flags, 0xFFFF, 0, 0) + data
            hosts = ([b"\xfd" + bytes(14) + b"\x07", b"\xfd" + bytes(14) + b"\x01"] if ipv6
                     else [b"\x0a\0\0\x07", b"\xc0\0\x02\x01"])
            if ipv6:
                packet = struct.pack(">IHBB", 0x60000000, len(tcp), 6, 64) + hosts[side] + hosts[1 - side] + tcp
            else:
                packet = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(tcp), 0, 64, 6, 0) + hosts[side] + hosts[1 - side] + tcp
            following[(connection, side)] = (mine + len(data) + bool(flags & (SYN | FIN))) % (1 << 32)
            yield at, connection, side, flags, data, packet

    def write(self, path, link="raw", order="<", nanoseconds=True, ipv6=False, shuffle=False):
        """`shuffle`: some segments are sent twice, and neighbours with data change places, as on a bad road."""
        kind = b"\x86\xdd" if ipv6 else b"\x08\0"
        heads = {"raw": b"", "ethernet": bytes(12) + kind, "vlan": bytes(12) + b"\x81\0\0\x07" + kind,
                 "null": struct.pack("<I", 30 if ipv6 else 2), "sll": bytes(14) + kind, "sll2": kind + bytes(18)}
        rows = list(self._segments(ipv6))
        if shuffle:
            chance = random.Random(7)
            rows = [r for row in rows for r in ([row, row] if row[4] and chance.random() < 0.3 else [row])]
            for i in range(len(rows) - 1):
                a, b = rows[i], rows[i + 1]
                if a[1] == b[1] and a[2] == b[2] and a[4] and b[4] and chance.random() < 0.5:
                    rows[i], rows[i + 1] = (a[0], *b[1:]), (b[0], *a[1:])
        with open(path, "wb") as f:
            f.write(struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINKS[link]))
            for at, _, _, _, _, packet in rows:
                frame = heads[link] + packet
                unit = 1 if nanoseconds else 1000
                f.write(struct.pack(order + "IIII", at // 10**9, at % 10**9 // unit, len(frame), len(frame)) + frame)
