# SPDX-License-Identifier: MIT
"""Real nameservers with a zone of ours: knot, nsd, unbound from the distribution's packages."""
import shutil
import subprocess

from . import wire
from .client import client
from .deadline import wait_until
from .ports import free_port

ADDRESSES = ("127.0.0.1", "::1")
BIG = 300  # records below big.ZONE: more than any datagram takes


def zone_text(zone):
    lines = [f"$ORIGIN {zone}.", "$TTL 300", f"@ SOA ns.{zone}. admin.{zone}. 7 3600 600 86400 60", "@ NS ns",
             "ns A 127.0.0.1", "ns AAAA ::1", "www A 192.0.2.80", "www AAAA 2001:db8::80",
              '@ TXT "a zone of the tests"',
             "alias CNAME www", "_dns._udp SRV 0 0 53 ns", "*.wild A 192.0.2.99"]
    lines += [f'medium TXT "{number} {"m" * 200}"' for number in range(6)]
    lines += [f'big TXT "{number} {"b" * 180}"' for number in range(BIG)]
    lines += [f"host{number} A 10.{number // 65536}.{number // 256 % 256}.{number % 256}" for number in range(20000)]
    return "\n".join(lines) + "\n"


def knot(directory, zone, port):
    config = f"""
server:
    rundir: "{directory}"
    listen: [ 127.0.0.1@{port}, "::1@{port}" ]
    tcp-idle-timeout: 20
log:
  - target: "{directory}/log"
    any: info
database:
    storage: "{directory}"
acl:
  - id: local
    address: [ 127.0.0.0/8, "::1" ]
    action: transfer
policy:
  - id: quick
    algorithm: ecdsap256sha256
template:
  - id: default
    storage: "{directory}"
    semantic-checks: off
zone:
  - domain: {zone}
    file: "{directory}/zone"
    acl: local
    dnssec-signing: on
    dnssec-policy: quick
    zonefile-sync: -1
    journal-content: none
"""
    return config, ["knotd", "-c", f"{directory}/config"]


def nsd(directory, zone, port):
    config = f"""
server:
    ip-address: 127.0.0.1@{port}
    ip-address: ::1@{port}
    username: ""
    pidfile: ""
    zonesdir: "{directory}"
    zonelistfile: "{directory}/zone.list"
    xfrdfile: ""
    xfrdir: "{directory}"
    database: ""
    logfile: "{directory}/log"
    server-count: 1
remote-control:
    control-enable: no
zone:
    name: {zone}
    zonefile: "{directory}/zone"
    provide-xfr: 127.0.0.0/8 NOKEY
    provide-xfr: ::1 NOKEY
"""
    return config, ["nsd", "-d", "-c", f"{directory}/config"]


def unbound(directory, zone, port):
    config = f"""
server:
    interface: 127.0.0.1@{port}
    interface: ::1@{port}
    access-control: 127.0.0.0/8 allow
    access-control: ::1 allow
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: ""
    use-syslog: no
    logfile: "{directory}/log"
    do-daemonize: no
    num-threads: 1
    module-config: "iterator"
    local-zone: "test." nodefault
remote-control:
    control-enable: no
auth-zone:
    name: {zone}
    zonefile: "{directory}/zone"
    for-downstream: yes
    for-upstream: no
"""
    return config, ["unbound", "-d", "-c", f"{directory}/config"]


def dnsmasq_alone(directory, zone, port):
    """In one process, as its option for debugging makes it: one TCP connection at a time, until it is closed."""
    config, command = dnsmasq(directory, zone, port)
    return config, [*command, "--no-daemon"]


def dnsmasq(directory, zone, port):
    """No zone file, but host records; a process for each TCP connection, which serves one query after the other."""
    hosts = "".join(f"host-record=host{number}.{zone},10.0.{number // 256}.{number % 256}\n" for number in range(1000))
    config = f"""
port={port}
listen-address=127.0.0.1,::1
bind-interfaces
no-resolv
no-hosts
user=root
pid-file={directory}/pid
local=/{zone}/
host-record=www.{zone},192.0.2.80
{hosts}"""
    return config, ["dnsmasq", "--keep-in-foreground", f"--conf-file={directory}/config"]


def bind(directory, zone, port):
    """The only one of them that leaves the question out of all but a transfer's first message."""
    config = f"""
options {{
    directory "{directory}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 port {port} {{ ::1; }};
    pid-file none;
    session-keyfile none;
    lock-file none;
    recursion no;
    notify no;
    dnssec-validation no;
    allow-transfer {{ any; }};
    ixfr-from-differences yes;
    max-ixfr-ratio unlimited;
}};
controls {{ }};
zone "{zone}" {{ type primary; file "zone"; }};
"""
    return config, ["named", "-g", "-n", "1", "-c", f"{directory}/config"]


def unbound_forwarding(domains):
    """Sends the names of some domains on, each to a port of 127.0.0.1."""
    def make(directory, zone, port):
        config, command = unbound(directory, zone, port)
        zones = "".join(f'forward-zone:\n    name: "{domain}"\n    forward-addr: 127.0.0.1@{target}\n'
                        for domain, target in domains.items())
        return config + "server:\n    do-not-query-localhost: no\n" + zones, command
    return make


class Nameserver:
    """One zone on one port, over UDP and TCP, of both families. Ready when made."""

    def __init__(self, make, directory, zone, text=None, port=None, preface=b""):
        """`text`: the zone's own records, with `www A 192.0.2.80` among them; `preface`: what has to stand before the
        first message of a connection."""
        self.zone, self.port, self.preface = zone, port or free_port(), preface
        directory.mkdir(parents=True)
        (directory / "zone").write_text(text or zone_text(zone))
        config, command = make(directory, zone, self.port)
        (directory / "config").write_text(config)
        program = shutil.which(command[0]) or shutil.which(command[0], path="/usr/sbin:/sbin")
        assert program, f"{command[0]} is not installed"
        self.log = directory / "output"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen([program, *command[1:]], stdout=output, stderr=output, cwd=directory)
        wait_until(self.answers, lambda: f"an answer of {command[0]}: {self.log.read_text()}", patience=30)

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            with client("tcp", "127.0.0.1", self.port) as one:
                one.send_bytes(self.preface)
                reply = one.ask(wire.query(f"www.{self.zone}"), patience=1)
        except OSError:
            return False
        return reply is not None and wire.marker_of(reply) == 80

    def __str__(self):
        return f"127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


SERVERS = {"knot": knot, "nsd": nsd, "unbound": unbound}
