# SPDX-License-Identifier: MIT
"""The programs that are compared: how each is configured for the same routes, started and ended.

All relay without a cache, with random IDs and ports where they can: that is what dproxy does.
"""
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

MASTER = 4  # the marker of the upstream for names without a route


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Routes:
    """`count` zones zNNNNNN.lab, dealt out to three upstreams in turn; all other names go to the fourth."""

    def __init__(self, directory, count, ports):
        self.count, self.ports = count, ports
        self.directory, self.prepared = directory / f"routes-{count}", directory / f"routes-{count}-prepared"
        self.queries = directory / f"queries-{count}"
        self.write_prox()
        self.write_queries()

    def zones(self):
        return ((f"z{zone:06}.lab", self.marker_of(zone)) for zone in range(self.count))

    def marker_of(self, zone):
        return zone % 3 + 1

    def write_prox(self, shift=0):
        """The route files; all of them change at once."""
        self.prepare_prox(shift)
        self.swap_prox()

    def prepare_prox(self, shift=0):
        """A section a zone, 1,000 of them a file, not yet in their place."""
        self.directory.mkdir(exist_ok=True)
        self.prepared.mkdir(exist_ok=True)
        lines = []
        for number, (zone, marker) in enumerate(self.zones(), 1):
            port = self.ports[(marker - 1 + shift) % 3]
            lines.append(f"[.{zone}]\n\taddress\t\t= 127.0.0.1\n\tport\t\t= {port}\n\n")
            if number % 1000 == 0 or number == self.count:
                (self.prepared / f"r{(number - 1) // 1000:04}.prox").write_text("".join(lines))
                lines = []

    def swap_prox(self):
        for file in self.prepared.iterdir():
            file.replace(self.directory / file.name)

    def write_queries(self, names=100_000):
        """Unique names of many lengths; zones in a scattered order; one name in ten has no route."""
        with self.queries.open("w") as out:
            for number in range(names):
                host = f"h{number:06}" + "abcdefghijklmnopqrstuvwxyz"[:number * 48271 % 20]
                if number % 10 == 9:
                    out.write(f"{host}.other{number % 100:03}.lan {MASTER}\n")
                else:
                    zone = number * 7919 % self.count
                    out.write(f"{host}.z{zone:06}.lab {self.marker_of(zone)}\n")

    def dnsperf_file(self):
        """The same names as dnsperf reads them."""
        file = self.queries.with_suffix(".dnsperf")
        file.write_text("".join(f"{line.split()[0]} A\n" for line in self.queries.read_text().splitlines()))
        return file


class ListedRoutes(Routes):
    """The same zones as one section with a list, to the first upstream."""

    def __init__(self, directory, count, ports):
        super().__init__(directory / "listed", count, ports)

    def marker_of(self, zone):
        return 1

    def prepare_prox(self, shift=0):
        """With a shift the first zone stands last."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prepared.mkdir(exist_ok=True)
        zones = [f".{zone}\n" for zone, _ in self.zones()]
        (self.prepared / "zones.txt").write_text("".join(zones[shift:] + zones[:shift]))
        (self.prepared / "listed.prox").write_text(
            f"[first.lab]\n\taddress\t\t= 127.0.0.1:{self.ports[0]}\n\tpatterns\t= zones.txt\n")


class Program:
    """One program on one core. Subclasses say how it is started."""

    name = ""
    checks = True  # its answers come from the right upstream
    core = 0

    def __init__(self, directory, routes):
        self.directory = directory / f"{type(self).__name__.lower()}-{routes.count}"
        self.directory.mkdir(exist_ok=True)
        self.routes, self.port, self.process, self.started = routes, free_port(), None, 0

    def command(self):
        raise NotImplementedError

    def start(self):
        command = self.command()
        with (self.directory / "output").open("wb") as output:
            self.started = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            self.process = subprocess.Popen(["taskset", "-c", str(self.core), *map(str, command)], stdout=output,
                                            stderr=output, stdin=subprocess.DEVNULL, cwd=self.directory)
        return self

    @property
    def pid(self):
        return self.process.pid

    def freeze(self):
        self.process.send_signal(19)

    def thaw(self):
        self.process.send_signal(18)

    def stop(self):
        self.thaw()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def resident_kib(self, most=False):
        """Now, or the most that it ever was."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:" if most else "VmRSS:"):
                return int(line.split()[1])
        return 0


class Relay(Program):
    name = "raw relay"
    checks = False
    program = None

    def command(self):
        return [self.program, self.port, *self.routes.ports]


class Dproxy(Program):
    name = "dproxy"
    program = None
    workers = 1

    def __init__(self, directory, routes):
        super().__init__(directory, routes)
        self.admin_port = free_port()

    def command(self):
        return [self.program, "--listen", f"127.0.0.1:{self.port}", "--workers", self.workers, "--admin",
                f"127.0.0.1:{self.admin_port}", "--upstreamlocation", self.routes.directory, "--usemasterupstream",
                "true", "--masterupstream", f"127.0.0.1:{self.routes.ports[MASTER - 1]}", "--drain", "0s",
                "--tcp_connections_per_client", "4096", "--tcp_queries", "1000000000"]  # all load is one client's


class Dnsdist(Program):
    """Messages in batches, several sockets to each upstream; IDs and ports at random, as dproxy has them."""

    name = "dnsdist"

    def command(self):
        ports = self.routes.ports
        lines = [f'setLocal("127.0.0.1:{self.port}")', "setSecurityPollSuffix('')",
                 "if setRandomizedIdsOverUDP then setRandomizedIdsOverUDP(true) end",  # from 1.8 on
                 "if setRandomizedOutgoingSockets then setRandomizedOutgoingSockets(true) end",
                 "setUDPMultipleMessagesVectorSize(64)", "setMaxTCPClientThreads(1)",
                 "setMaxTCPQueriesPerConnection(0)", "setMaxTCPConnectionsPerClient(0)"]
        for marker, port in enumerate(ports[:MASTER], 1):
            pool = f', pool="u{marker}"' if marker < MASTER else ""
            lines.append(f'newServer({{address="127.0.0.1:{port}", sockets=4, maxInFlight=16, '
                         f'healthCheckMode="up"{pool}}})')
        lines += [f"n{marker} = newSuffixMatchNode()" for marker in (1, 2, 3)]
        for marker in (1, 2, 3):  # from files, as Lua has a limit for what a chunk may name
            zones = self.directory / f"zones{marker}"
            zones.write_text("".join(f"{zone}\n" for zone, of in self.routes.zones() if of == marker))
            lines.append(f'for zone in io.lines("{zones}") do n{marker}:add(zone) end')
        lines += [f'addAction(SuffixMatchNodeRule(n{marker}), PoolAction("u{marker}"))' for marker in (1, 2, 3)]
        (self.directory / "dnsdist.conf").write_text("\n".join(lines) + "\n")
        return [find("dnsdist"), "--supervised", "--disable-syslog", "-C", self.directory / "dnsdist.conf"]


class Unbound(Program):
    name = "Unbound"

    def command(self):
        lines = ["server:", f"  interface: 127.0.0.1@{self.port}", '  username: ""', '  chroot: ""', '  pidfile: ""',
                 f'  directory: "{self.directory}"', "  do-daemonize: no", "  use-syslog: no", "  num-threads: 1",
                 '  module-config: "iterator"', "  do-not-query-localhost: no", "  msg-cache-size: 0",
                 "  rrset-cache-size: 0", "  cache-max-ttl: 0", "  outgoing-range: 4096",
                 "  num-queries-per-thread: 2048",
                 "  so-rcvbuf: 4m", "  qname-minimisation: no", "remote-control:", "  control-enable: no"]
        for zone, marker in [*self.routes.zones(), (".", MASTER)]:
            port = self.routes.ports[marker - 1]
            lines += ["forward-zone:", f'  name: "{zone}"', f"  forward-addr: 127.0.0.1@{port}",
                      "  forward-no-cache: yes"]
        (self.directory / "unbound.conf").write_text("\n".join(lines) + "\n")
        return [find("unbound"), "-d", "-c", self.directory / "unbound.conf"]


class Coredns(Program):
    name = "CoreDNS"
    program = None

    def command(self):
        blocks = [(zone, marker) for zone, marker in self.routes.zones()] + [(".", MASTER)]
        text = "".join(f"{zone}:{self.port} {{\n  bind 127.0.0.1\n"
                       f"  forward . 127.0.0.1:{self.routes.ports[marker - 1]}\n}}\n" for zone, marker in blocks)
        (self.directory / "Corefile").write_text(text)
        return [self.program, "-conf", self.directory / "Corefile"]


def find(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if not found:
        raise SystemExit(f"bench/run: {program} is not installed")
    return found


def build_coredns(source, directory):
    """CoreDNS as a Go module; nothing where Go is missing or the module cannot be had."""
    program, build = directory / "coredns", directory / "coredns-source"
    text = (source / "main.go").read_text()
    if program.exists() and (build / "main.go").exists() and (build / "main.go").read_text() == text:
        return program
    program.unlink(missing_ok=True)
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if not go:
        return None
    build.mkdir(exist_ok=True)
    (build / "main.go").write_text(text)
    environment = {**os.environ, "GOFLAGS": "-mod=mod"}
    for command in (["mod", "init", "bench/coredns"], ["get", "github.com/coredns/coredns@v1.14.3"],
                    ["build", "-o", program, "."]):
        if (build / "go.mod").exists() and command[:2] == ["mod", "init"]:
            continue
        done = subprocess.run([go, *command], cwd=build, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"CoreDNS is left out: go {command[0]}: {done.stderr.strip().splitlines()[-1:]}")
            return None
    return program
