# SPDX-License-Identifier: MIT
"""Knot as primary and as secondary of a large zone; all that they say to each other is signed (TSIG)."""
import hashlib
import re
import shutil
import subprocess

from .deadline import wait_until
from .ports import free_port

ZONE = "large.test"
KEY_NAME, SECRET = "transfer.key", "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG9uZy4="
RECORDS = 100_000
TEXT = 200  # bytes in each record: the zone is larger than what the kernel buffers on its way


def zone_text(serial, changed=0):
    """A zone of RECORDS records and SOA and NS; the first `changed` are other ones than those of the first version."""
    lines = [f"$ORIGIN {ZONE}.", "$TTL 300", f"@ SOA ns admin {serial} 3600 600 86400 60", "@ NS ns",
             "ns A 127.0.0.1", "www A 192.0.2.80"]
    lines += [f'host{number} TXT "{serial if number < changed else 1} {"x" * TEXT}"' for number in range(RECORDS)]
    return "\n".join(lines) + "\n"


class Knot:
    """One server with the one zone. `other`: the port where it finds the other one."""

    def __init__(self, directory, port, other, primary):
        self.directory, self.port = directory, port
        directory.mkdir(parents=True)
        if primary:
            self.write_zone(zone_text(1))
            role = "    notify: other\n    zonefile-load: difference\n    journal-content: changes\n"
        else:
            role = "    master: other\n    zonefile-load: none\n    journal-content: all\n"
        (directory / "config").write_text(f"""
server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
    tcp-io-timeout: 60000
    tcp-remote-io-timeout: 60000
log:
  - target: "{directory}/log"
    any: info
database:
    storage: "{directory}"
key:
  - id: {KEY_NAME}
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: other
    address: 127.0.0.1@{other}
    key: {KEY_NAME}
acl:
  - id: signed
    key: {KEY_NAME}
    action: [ transfer, notify ]
zone:
  - domain: {ZONE}
    storage: "{directory}"
    file: "zone"
    semantic-checks: off
    zonefile-sync: -1
    acl: signed
{role}""")
        with (directory / "output").open("wb") as output:
            self.process = subprocess.Popen([program("knotd"), "-c", f"{directory}/config"], stdout=output,
                                            stderr=output, cwd=directory)

    def write_zone(self, text):
        (self.directory / "zone.new").write_text(text)
        (self.directory / "zone.new").rename(self.directory / "zone")

    def control(self, *words):
        done = subprocess.run([program("knotc"), "-t", "60", "-s", f"{self.directory}/knot.sock", *words],
                              capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr, self.log())

    def log(self):
        log = self.directory / "log"
        return log.read_text() if log.exists() else (self.directory / "output").read_text()

    def serial(self):
        assert self.process.poll() is None, self.log()
        done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(self.port), "+short", "+timeout=2", "+retry=0", ZONE,
                               "SOA"], capture_output=True, text=True, timeout=60, check=False)
        words = done.stdout.split()
        return int(words[2]) if len(words) == 7 else None

    def until_serial(self, serial):
        wait_until(lambda: self.serial() == serial, lambda: f"version {serial} of the zone: {self.log()[-3000:]}",
                   patience=120, pause=0.2)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def until_log(self, pattern):
        wait_until(lambda: re.search(pattern, self.log()), lambda: f"{pattern} in {self.log()[-3000:]}", patience=60)


def program(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    assert found, f"{name} is not installed"
    return found


def transferred(port, what="AXFR", signed=True):
    """The records that kdig gets by a transfer: how many, and a hash of them in order of their text."""
    key = ["-y", f"hmac-sha256:{KEY_NAME}:{SECRET}"] if signed else []
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(port), *key, "+tcp", "+timeout=60", "+noidn", ZONE, what],
                          capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0 and "WARNING" not in done.stdout + done.stderr, (done.stdout[-500:], done.stderr)
    lines = sorted(line for line in done.stdout.splitlines()
                   if line.strip() and not line.startswith(";") and "\tANY\tTSIG\t" not in line)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Pair:
    """`primary_route` and `secondary_route` make a dproxy for a port and give the one that it listens on."""

    def __init__(self, directory, relay_to):
        primary, secondary = free_port(), free_port()
        self.to_primary, self.to_secondary = relay_to(primary), relay_to(secondary)
        self.primary = Knot(directory / "primary", primary, self.to_secondary.port, primary=True)
        self.primary.until_serial(1)
        self.secondary = Knot(directory / "secondary", secondary, self.to_primary.port, primary=False)

    def stop(self):
        self.secondary.stop()
        self.primary.stop()
