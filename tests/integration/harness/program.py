# SPDX-License-Identifier: MIT
"""The program under test, as a process."""
import http.client
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from . import wire
from .client import PATIENCE, LOOPBACK, ask, client
from .deadline import wait_until
from .metrics import Metrics
from .ports import free_port

ROOT = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("DPROXY_BINARY", str(ROOT / "build" / "dev" / "dproxy"))
SANITIZER = re.compile(r"(Address|Thread|Leak|Memory)Sanitizer|runtime error:|Assertion .* failed")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("DPROXY_")}


def main_file(settings):
    return "[dproxy]\n" + "".join(f"    {key} = {value}\n" for key, value in settings.items())


def run(*arguments, environment=None, directory=None, patience=300):
    """A verb that ends by itself. The result has returncode, stdout and stderr."""
    done = subprocess.run([BINARY, *map(str, arguments)], env={**ENVIRONMENT, **(environment or {})}, cwd=directory,
                          capture_output=True, text=True, timeout=patience, stdin=subprocess.DEVNULL, check=False)
    assert not SANITIZER.search(done.stderr), done.stderr
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
    return done


class Proxy:
    """Listens on one port of 127.0.0.1 and [::1] unless `settings` say otherwise; None leaves a setting out."""

    def __init__(self, directory, settings, environment=None, arguments=(), wrapper=()):
        self.port, self.admin_port = free_port(), free_port()
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        wanted = {"listen": f"127.0.0.1:{self.port}, [::1]:{self.port}", "admin": f"127.0.0.1:{self.admin_port}",
                  "drain": "0s", **settings}
        self.settings = {key: value for key, value in wanted.items() if value is not None}
        self.main_file = self.directory / "dproxy.conf"
        self.main_file.write_text(main_file(self.settings))
        self.log_file, self.error_file = self.directory / "log", self.directory / "errors"
        self.command = [*wrapper, BINARY, "--config", str(self.main_file), *map(str, arguments)]
        self.environment = {**ENVIRONMENT, **(environment or {})}
        self.process = None

    def start(self, wait=True):
        with self.log_file.open("ab") as log, self.error_file.open("ab") as errors:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=errors, stdin=subprocess.DEVNULL,
                                            env=self.environment, cwd=self.directory)
        return self.wait_ready() if wait else self

    def wait_ready(self):
        wait_until(lambda: self.is_over() or self.is_ready(), "a ready program", patience=60)
        assert not self.is_over(), f"ended with {self.process.returncode} instead of serving:\n{self.report()}"
        return self

    def is_over(self):
        return self.process.poll() is not None

    def is_ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def wait_over(self, patience=60):
        return self.process.wait(patience)

    def stop(self):
        """SIGTERM, and its exit status."""
        if not self.is_over():
            self.signal(signal.SIGTERM)
        try:
            return self.wait_over()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "no exit within 60 s of SIGTERM"

    def port_of(self, transport):
        own = self.settings.get(f"listen_{transport}")
        return int(own.rsplit(":", 1)[1]) if own else self.port

    def client(self, transport, family=4, source=None):
        return client(transport, LOOPBACK[family], self.port_of(transport), source)

    def ask(self, transport, message, family=4, source=None, patience=PATIENCE):
        """The answer to a message given as bytes, or to a name."""
        message = wire.query(message) if isinstance(message, str) else message
        return ask(transport, LOOPBACK[family], self.port_of(transport), message, source, patience)

    def marker(self, name, transport="udp", patience=PATIENCE):
        """Which upstream answers for the name; None when none does."""
        reply = self.ask(transport, name, patience=patience)
        return reply and wire.marker_of(reply)

    def until(self, name, marker, patience=60.0):
        """Waits until that upstream answers for the name and every worker goes by what it was answered by, so that
        whatever is asked next finds the same; says how long the first took."""
        began = time.monotonic()
        wait_until(lambda: self.marker(name, patience=5.0) == marker,
                   lambda: f"{marker} as the answer for {name}", patience)
        print(f"{name} was answered by {marker} after {time.monotonic() - began:.3f} s")
        wait_until(self.is_in_force, "every worker going by it", patience)

    def is_in_force(self):
        """Every worker goes by what was read last."""
        return self.json("/status")["reloads"]["in_force"]

    def get(self, path, headers=None, method="GET", host="127.0.0.1"):
        connection = http.client.HTTPConnection(host, self.admin_port, timeout=60)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        except http.client.HTTPException as fault:
            raise OSError(fault) from fault
        finally:
            connection.close()

    def json(self, path):
        status, _, body = self.get(path)
        assert status == 200, (status, body)
        return json.loads(body)

    def metrics(self):
        status, _, body = self.get("/metrics")
        assert status == 200, (status, body)
        return Metrics(body)

    def until_metric(self, value, name, **labels):
        wait_until(lambda: self.metrics().sum(name, **labels) == value,
                   lambda: f"{value} in {name}{labels}, but {self.metrics().sum(name, **labels)}")

    def until_logged(self, text, count=1):
        """Lines are written behind what they tell of, by another thread."""
        wait_until(lambda: self.log_file.read_text(errors="replace").count(text) >= count,
                   lambda: f"{count} times `{text}` in the log:\n{self.report()}")

    def log(self):
        """All that it said, once that stands still. Who expects a line waits for it by until_logged()."""
        said = None
        for _ in range(40):
            is_all = self.is_over()
            before, said = said, self.log_file.read_text(errors="replace")
            if said == before or is_all:
                break
            time.sleep(0.2)
        return said

    def errors(self):
        return self.error_file.read_text(errors="replace")

    def report(self):
        return f"$ {' '.join(self.command)}\n{self.log()[-20000:]}\n--- standard error\n{self.errors()[-20000:]}"
