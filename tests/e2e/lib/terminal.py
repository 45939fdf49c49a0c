"""A program at a terminal: run it with a pseudo-terminal, and see what stands on the screen."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


class Screen:
    """What the sequences that Muster uses do: CR, LF, cursor up, erase, colours. Anything else is an error."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column = columns, [""], 0, 0
        self.colors = self.wrapped = 0

    def put(self, letter):
        if self.column == self.columns:
            self.wrapped += 1
            self.newline()
            self.column = 0
        line = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = line[:self.column] + letter + line[self.column + 1:]
        self.column += 1

    def newline(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")

    def control(self, arguments, letter):
        if letter == "A":
            self.row = max(0, self.row - int(arguments or 1))
        elif letter == "K":
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif letter == "J":
            self.rows[self.row] = self.rows[self.row][:self.column]
            del self.rows[self.row + 1:]
        elif letter == "m":
            self.colors += 1
        else:
            raise AssertionError(f"a sequence that not every terminal knows: ESC [ {arguments} {letter}")

    def feed(self, text):
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self.control(*found.groups())
                at = found.end()
                continue
            letter = text[at]
            at += 1
            if letter == "\r":
                self.column = 0
            elif letter == "\n":
                self.newline()
            elif letter == "\x1b":
                raise AssertionError(f"a sequence that is none: {text[at:at + 8]!r}")
            else:
                self.put(letter)

    def text(self):
        return "\n".join(self.rows)


def resize(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


class Session:
    """Runs `arguments` with stderr, stdin and, unless `stdout` is a pipe, stdout on a terminal of so many columns.

    `events`: {seconds: function(session)}, called in the course of the run. Afterwards: status, shown (what the terminal got), stdout (bytes
    of the pipe), before and after (its modes)."""

    def __init__(self, arguments, columns=80, env=None, stdout="terminal", events=None, timeout=60):
        self.fd, terminal = pty.openpty()
        resize(self.fd, columns)
        environment = {**os.environ, **(env or {})}
        self.before = termios.tcgetattr(terminal)
        read, write = os.pipe()
        self.process = subprocess.Popen(
            arguments, stdin=terminal, stdout=write if stdout == "pipe" else terminal, stderr=terminal, start_new_session=True,
            env={name: value for name, value in environment.items() if value is not None},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(write)
        self.shown = self.stdout = b""
        self.follow({self.fd: "shown", read: "stdout"}, sorted((events or {}).items()), timeout, terminal)
        os.close(read)
        os.close(self.fd)
        self.shown = self.shown.decode(errors="replace").replace("\r\n", "\n").replace("\n", "\r\n")

    def follow(self, sources, events, timeout, terminal):
        begin = time.monotonic()
        while True:
            now = time.monotonic() - begin
            if now > timeout:
                self.process.kill()
                raise AssertionError(f"not over after {timeout} s")
            while events and events[0][0] <= now:
                events.pop(0)[1](self)
            over = self.process.poll() is not None
            for fd in select.select(list(sources), [], [], 0 if over else 0.05)[0]:
                data = os.read(fd, 65536)
                setattr(self, sources[fd], getattr(self, sources[fd]) + data)
                over = over and not data
                if not data:
                    del sources[fd]
            if over:
                self.status = self.process.returncode
                self.after = termios.tcgetattr(terminal)
                os.close(terminal)
                return

    def type(self, text):
        os.write(self.fd, text.encode())

    def screen(self, columns=80):
        screen = Screen(columns)
        screen.feed(self.shown)
        return screen
