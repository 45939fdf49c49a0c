"""Pixels of a PNG as Chromium writes it: eight bits a channel, RGB or RGBA, not interlaced."""

import struct
import zlib


class Png:
    """width, height, and pixel(x, y) as (red, green, blue)."""

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        if data[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError(f"{path} is no PNG")
        packed, at = b"", 8
        while at < len(data):
            size, kind = struct.unpack_from(">I4s", data, at)
            body = data[at + 8:at + 8 + size]
            if kind == b"IHDR":
                self.width, self.height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", body)
                if depth != 8 or color not in (2, 6) or interlaced:
                    raise ValueError(f"{path}: depth {depth}, colour type {color}, interlaced {interlaced}")
                self.channels = 3 if color == 2 else 4
            elif kind == b"IDAT":
                packed += body
            at += 12 + size
        self.rows = self._unfilter(zlib.decompress(packed))

    def _unfilter(self, raw):
        stride, n = self.width * self.channels, self.channels
        rows, before = [], bytearray(stride)
        for y in range(self.height):
            kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
            if kind == 1:
                for i in range(n, stride):
                    row[i] = (row[i] + row[i - n]) & 255
            elif kind == 2:
                row = bytearray((a + b) & 255 for a, b in zip(row, before))
            elif kind == 3:
                for i in range(stride):
                    row[i] = (row[i] + ((row[i - n] if i >= n else 0) + before[i]) // 2) & 255
            elif kind == 4:
                for i in range(stride):
                    a, b, c = (row[i - n] if i >= n else 0), before[i], (before[i - n] if i >= n else 0)
                    p = a + b - c
                    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                    row[i] = (row[i] + (a if pa <= pb and pa <= pc else b if pb <= pc else c)) & 255
            rows.append(row)
            before = row
        return rows

    def pixel(self, x, y):
        at = x * self.channels
        return tuple(self.rows[y][at:at + 3])

    def count(self, color, tolerance=6):
        """How many pixels have that colour, give or take."""
        n, total = self.channels, 0
        for row in self.rows:
            for at in range(0, len(row), n):
                if all(abs(row[at + k] - color[k]) <= tolerance for k in range(3)):
                    total += 1
        return total
