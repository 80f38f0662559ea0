# SPDX-License-Identifier: MIT
"""`dproxy top`: once for a file, and in a terminal with keys, a size that changes, and an end."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading

import pytest
from harness.deadline import PATIENCE, wait_until
from harness.program import BINARY, run
from harness.prox_directory import route

ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"


class Screen:
    """A terminal of its own for one program; what that wrote is in `text`."""

    def __init__(self, *words, columns=100, lines=30, environment=()):
        self.master, terminal = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(terminal)
        self.terminal = terminal
        variables = {**os.environ, "TERM": "xterm", **dict(environment)}
        self.program = subprocess.Popen([BINARY, *words], stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
                                        env=variables, start_new_session=True)
        self.text = ""

    def resize(self, columns, lines):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, key):
        os.write(self.master, key.encode())

    def read(self):
        while select.select([self.master], [], [], 0.05)[0]:
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:
                break
        return self.text

    def frames(self):
        return [frame.replace("\x1b[K", "").replace("\x1b[J", "") for frame in self.read().split("\x1b[H")[1:]]

    def until(self, found, what):
        """The last whole picture for which that holds."""
        def look():
            frames = self.frames()
            return next((frame for frame in reversed(frames) if "keys: q" in frame and found(frame)), None)
        return wait_until(look, lambda: f"{what}, but:\n{self.frames()[-1:]}", patience=PATIENCE)

    def ends(self):
        # Its end is waited for with the terminal read, which it could not write to otherwise.
        wait_until(lambda: self.read() is not None and self.program.poll() is not None, "its end")
        return self.program.returncode

    def close(self):
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        self.program.stderr.close()
        os.close(self.master)
        os.close(self.terminal)


@pytest.fixture
def screen():
    opened = []

    def start(*words, **size):
        opened.append(Screen(*words, **size))
        return opened[-1]
    yield start
    for one in opened:
        one.close()


class Traffic(threading.Thread):
    """Asks without a pause until it is told to end."""

    def __init__(self, proxy, *names):
        super().__init__(daemon=True)
        self.proxy, self.names, self.over = proxy, names, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.wait(0.01):
            for name in self.names:
                self.proxy.ask("udp", name)


@pytest.fixture
def proxy(world, closed_address):
    return world.proxy(route("a.test", world.upstream(1)) + route("dead.test", closed_address, health="on",
                                                                  timeout="300ms"), workers=1)


def admin_of(proxy):
    return ("--admin", f"http://127.0.0.1:{proxy.admin_port}")


def row_of(text, name):
    return next((line.split() for line in text.splitlines() if line.startswith(name + " ")), None)


def test_it_prints_once_and_ends(proxy):
    with Traffic(proxy, "a.test", "dead.test"):
        def told():
            done = run("top", "--once", *admin_of(proxy))
            assert (done.returncode, done.stderr) == (0, "")
            dead = row_of(done.stdout, "dead.test")
            is_down = re.search(r"^127\.0\.0\.1:\d+ .* down$", done.stdout, re.M)
            return done.stdout if dead and float(dead[2]) > 0 and row_of(done.stdout, "a.test") and is_down else None
        text = wait_until(told, "both routes and an upstream that is down in the table")
    assert text.startswith("dproxy 0.") and "1 worker, ready" in text
    assert "\x1b" not in text
    assert float(row_of(text, "a.test")[1]) > 0 and float(row_of(text, "a.test")[2]) == 0


def test_what_writes_to_no_terminal_prints_once(proxy):
    done = run("top", *admin_of(proxy))
    assert done.returncode == 0 and done.stdout.count("ROUTE") == 1 and "\x1b" not in done.stdout


def test_it_lives_in_a_terminal(proxy, screen):
    with Traffic(proxy, "a.test"):
        top = screen("top", *admin_of(proxy))
        top.until(lambda frame: row_of(frame.replace("\r", ""), "a.test"), "the route that is asked")
        top.press("n")
        top.press("q")
        assert top.ends() == 0
    assert top.text.startswith(ENTERED) and top.text.count(LEFT) == 1 and top.text.endswith(LEFT)
    assert termios.tcgetattr(top.terminal) == top.before


@pytest.mark.parametrize("end", ["\x03", signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=str)
def test_however_it_ends_the_terminal_is_as_it_was(proxy, screen, end):
    top = screen("top", *admin_of(proxy))
    top.until(lambda frame: True, "a picture")
    if isinstance(end, str):
        top.press(end)
    else:
        top.program.send_signal(end)
    assert top.ends() == 0
    assert top.text.endswith(LEFT)
    assert termios.tcgetattr(top.terminal) == top.before


def test_it_follows_the_size_of_the_terminal(proxy, screen):
    top = screen("top", *admin_of(proxy), environment={"NO_COLOR": "1"})
    top.until(lambda frame: "P99 MS" in frame, "a wide picture")
    top.resize(40, 8)
    top.program.send_signal(signal.SIGWINCH)  # as the kernel does for the session that owns the terminal
    narrow = top.until(lambda frame: "P99 MS" not in frame, "a narrow picture")
    lines = narrow.replace("\r", "").split("\n")
    assert len(lines) == 8 and all(len(line) <= 40 for line in lines), lines
    assert "\x1b[3" not in top.text
    top.press("q")
    assert top.ends() == 0


def test_an_instance_that_ends_meanwhile_is_told_of(world, screen):
    proxy = world.proxy(route("a.test", world.upstream(1)), workers=1)
    top = screen("top", *admin_of(proxy))
    top.until(lambda frame: "ready" in frame, "a picture")
    proxy.stop()
    frame = top.until(lambda frame: "as it was; now: " in frame, "a word on why it stands still")
    assert f"http://127.0.0.1:{proxy.admin_port}/history" in frame
    top.press("q")
    assert top.ends() == 0


def test_a_terminal_that_cannot_be_drawn_on_has_a_table(proxy, screen):
    top = screen("top", *admin_of(proxy), environment={"TERM": "dumb"})
    assert top.ends() == 0
    assert "ROUTE" in top.text and "\x1b" not in top.text
