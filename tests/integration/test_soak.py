# SPDX-License-Identifier: MIT
"""Everything at once, for a while: load over UDP and TCP, reloads, upstreams that die, stop, lose and refuse, hostile
clients and files, scrapes. Nothing is lost, and at the end nothing is left.

`DPROXY_SOAK_SECONDS=1800 DPROXY_SOAK_RATE=20000 DPROXY_SOAK_TCP=500` is the long form; tests/integration/soak runs it.
"""
import os
import random
import signal
import socket
import threading
import time
from pathlib import Path

from harness import wire
from harness.client import TcpClient
from harness.deadline import wait_until
from harness.load import Load, LoadUpstreams
from harness.own_network import add_rule, delete_rule, inside_only, outside_only, run_inside
from harness.prox_directory import route

SECONDS = float(os.environ.get("DPROXY_SOAK_SECONDS", "24"))
RATE = int(os.environ.get("DPROXY_SOAK_RATE", "1000"))
TCP_CLIENTS = int(os.environ.get("DPROXY_SOAK_TCP", "40"))
ZONES, MARKERS = 30, 3
MIB = 1 << 20


@outside_only
def test_in_a_network_of_its_own(tmp_path):
    run_inside(__file__, tmp_path / "inner")


class Background(threading.Thread):
    """Calls `work()` again and again until the end; what it raises fails the test."""

    def __init__(self, work, over, pause=0.0):
        super().__init__(daemon=True)
        self.work, self.over, self.pause, self.fault = work, over, pause, None
        self.start()

    def run(self):
        try:
            while not self.over.wait(self.pause):
                self.work()
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = fault


class Outages:
    """One after the other, of the second nameserver of each route; the first is always there."""

    def __init__(self, server, over):
        self.server, self.over, self.count, self.times = server, over, 0, []

    def __call__(self):
        outage = (self.killed, self.stopped, self.lossy, self.refusing)[self.count % 4]
        self.count += 1
        began = time.monotonic()
        outage(min(3.0, SECONDS / 12))
        self.times.append((outage.__name__, began, time.monotonic()))
        self.over.wait(min(4.0, SECONDS / 12))

    def at(self, moment):
        """The outage that a moment is in, or that was the last one before it, in words."""
        name, began, ended = max((one for one in self.times if one[1] <= moment), default=("no outage", 0, 0),
                                 key=lambda one: one[1])
        return f"{moment - began:.3f} s after the begin and {moment - ended:.3f} s after the end of {name}"

    def killed(self, seconds):
        self.server.close()
        self.over.wait(seconds)
        self.server = LoadUpstreams(ports=self.server.ports)

    def stopped(self, seconds):
        self.server.process.send_signal(signal.SIGSTOP)
        self.over.wait(seconds)
        self.server.process.send_signal(signal.SIGCONT)

    def filtered(self, seconds, *words):
        ports = "{ " + ", ".join(map(str, self.server.ports)) + " }"
        rule = add_rule("in", "udp", "dport", ports, *words)
        self.over.wait(seconds)
        delete_rule(rule)

    def lossy(self, seconds):
        self.filtered(seconds, "numgen", "random", "mod", "100", "<", "30", "drop")

    def refusing(self, seconds):
        self.filtered(seconds, "reject", "with", "icmpx", "port-unreachable")


class Files:
    """Routes that change each second, beside files that nobody would want."""

    HOSTILE = ["[", "[*]\naddress = \n" * 500, "\xff" * 5000, "[a.test]\nadress = 1\n", "",
               "[x" + "y" * 70 + ".test]\nport = 1\n", "\0\0\0", "[.z1.test]\nanswer = nxdomain\n"]

    def __init__(self, directory, servers):
        self.directory, self.servers, self.step = Path(directory), servers, 0
        self.directory.mkdir()
        self()

    def __call__(self):
        self.step += 1
        stable = "".join(route(f".z{zone}.test", *(f"127.0.0.1:{ports[zone % MARKERS]}" for ports in self.servers),
                               health="on", attempts=3, timeout="6s") for zone in range(ZONES))
        churn = "".join(route(f"*.churn{number}.test", f"127.0.0.1:{self.servers[0][number % MARKERS]}")
                        for number in range(self.step % 7, self.step % 7 + 20))
        self.replace("a.prox", stable + churn)
        self.replace("b.prox", self.HOSTILE[self.step % len(self.HOSTILE)])

    def replace(self, name, text):
        beside = self.directory / f".{name}"
        beside.write_text(text, encoding="utf-8")
        beside.rename(self.directory / name)


class TcpCrowd:
    """Clients that come, ask, and go in one way or another."""

    def __init__(self, proxy):
        self.proxy, self.asked, self.answered, self.lock = proxy, 0, 0, threading.Lock()

    def __call__(self):
        number = random.randrange(ZONES)
        try:
            with TcpClient("127.0.0.1", self.proxy.port, source=f"127.0.7.{random.randrange(1, 250)}") as client:
                way = random.randrange(8)
                if way == 0:
                    client.send_bytes(b"\0\x40half")
                    return
                if way == 1:
                    client.send_bytes(random.randbytes(40))
                    return
                for ident in range(5):
                    client.send(wire.query(f"q{ident}.z{number}.test", ident=ident))
                if way == 2:
                    return
                replies = [client.receive() for _ in range(5)]
        except OSError:
            replies = [None]
        good = all(reply and wire.marker_of(reply) == number % MARKERS + 1 for reply in replies)
        with self.lock:
            self.asked += 1
            self.answered += good


def hostile_datagrams(proxy):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.connect(("127.0.0.1", proxy.port))
    whole = wire.query("q1.z1.test", additional=[wire.opt(4096, wire.option(10, b"12345678"))])

    def send():
        for _ in range(20):
            made = bytearray(whole)
            for _ in range(random.randrange(1, 6)):
                made[random.randrange(len(made))] = random.randrange(256)
            try:
                one.send(bytes(made[:random.randrange(len(made) + 1)]))
            except OSError:
                pass
    return send


def state_of(proxy):
    directory = Path(f"/proc/{proxy.process.pid}")
    status = (directory / "status").read_text()
    return {"descriptors": len(list((directory / "fd").iterdir())),
            "threads": len(list((directory / "task").iterdir())),
            "resident": int(status.split("VmRSS:")[1].split()[0]) * 1024}


@inside_only
def test_nothing_is_lost_and_nothing_is_left(world):
    first = LoadUpstreams(MARKERS)
    over = threading.Event()
    outages = Outages(LoadUpstreams(MARKERS), over)
    world.at_end(first.close)
    world.at_end(lambda: outages.server.close())
    files = Files(world.directory / "routes", [first.ports, outages.server.ports])
    proxy = world.proxy(files.directory, tcp_idle="2s")
    warm = Load(proxy.port, RATE, 2, ZONES, MARKERS).result()
    assert warm["wrong"] == warm["lost"] == 0
    before = state_of(proxy)

    crowd = TcpCrowd(proxy)
    threads = [Background(outages, over), Background(files, over, 1.0),
               Background(hostile_datagrams(proxy), over, 0.05),
               Background(lambda: [proxy.get(path) for path in ("/metrics", "/status", "/")], over, 0.5)]
    threads += [Background(crowd, over, max(0.1, TCP_CLIENTS / 400)) for _ in range(TCP_CLIENTS)]
    load = Load(proxy.port, RATE, SECONDS, ZONES, MARKERS)
    result = load.result(patience=SECONDS + 120)
    over.set()
    for thread in threads:
        thread.join(60)
    assert [thread.fault for thread in threads if thread.fault] == []

    print(f"| {result['sent']} over UDP: {result['wrong']} wrong, {result['lost']} lost; over TCP {crowd.answered} of "
          f"{crowd.asked} connections answered; {outages.count} outages, {files.step} reloads |")
    for told, asked in load.wrong_answers():
        print(f"| {told}: {outages.at(asked)}")
    if result["wrong"] or result["lost"]:
        print(proxy.get("/metrics")[2], proxy.log()[-30000:], sep="\n")
    assert result["sent"] == RATE * SECONDS
    assert (result["wrong"], result["lost"]) == (0, 0)
    assert crowd.asked > 0 and crowd.answered == crowd.asked
    for name, labels in (("dproxy_inflight_requests", {}), ("dproxy_upstream_inflight", {}),
                         ("dproxy_tcp_connections", {"side": "client"})):
        proxy.until_metric(0, name, **labels)
    wait_until(lambda: state_of(proxy)["descriptors"] <= before["descriptors"] + 2 * MARKERS * 4 * 2,
               lambda: f"descriptors as at the start: {before}, {state_of(proxy)}", patience=90)
    after = state_of(proxy)
    print(f"| before {before}, after {after} |")
    assert after["threads"] == before["threads"]
    sanitized = "san" in os.environ.get("DPROXY_BINARY", "")
    assert sanitized or after["resident"] < before["resident"] + 24 * MIB
