# SPDX-License-Identifier: MIT
"""What is measured: each function is a table that prints itself."""
import socket
import statistics
import struct
import threading
import time
import urllib.request

import encrypted
import kept
import watched
from measure import interleaved, median, ratio, spread, wait_for
from rivals import Coredns, Dnsdist, Dproxy, ListedRoutes, Relay, Routes, Unbound
from tables import stop, table

SETTLE_SECONDS = 0.5
LEAD_SECONDS = 1  # longer than the client's


class Bench:
    """The tools, the routes by their number, and how long things take."""

    def __init__(self, directory, tools, rounds, seconds):
        self.directory, self.tools, self.rounds, self.seconds = directory, tools, rounds, seconds
        self.routes = {}

    def routes_of(self, count):
        if count not in self.routes:
            self.routes[count] = Routes(self.directory, count, self.tools.ports)
        return self.routes[count]

    def started(self, kind, count, **attributes):
        program = kind(self.directory, self.routes_of(count))
        for name, value in attributes.items():
            setattr(program, name, value)
        program.start()
        self.tools.first_answer_ms(program)
        return program

    def rivals(self):
        return [kind for kind in (Dnsdist, Unbound, Coredns) if kind is not Coredns or Coredns.program]


def throughput(bench):
    """UDP with 100 routes: what one core answers, and what a query costs."""
    programs = [bench.started(kind, 100) for kind in (Relay, Dproxy, *bench.rivals())]
    idle = {program: program.resident_kib() for program in programs}
    windows = {program: bench.tools.best_window(program) for program in programs}
    found = interleaved(programs, bench.rounds,
                        lambda program: bench.tools.load(program, bench.seconds, window=windows[program]))
    base = found[programs[0]]
    table("UDP, 100 routes", ["program", "queries/s", "of relay", "CPU µs a query", "of relay", "in the kernel", "lost",
                              "MiB idle", "MiB after", "in flight"],
          [[program.name, spread(runs, "qps"), ratio(runs, base, "qps"), spread(runs, "cpu_us", "{:.2f}"),
            ratio(runs, base, "cpu_us"), f"{median(runs, 'system'):.0%}", f"{median(runs, 'loss'):.2%}",
            f"{idle[program] / 1024:.1f}", f"{program.resident_kib() / 1024:.1f}", str(windows[program])]
           for program, runs in found.items()])
    stop(programs)


def many_routes(bench):
    """The same with 100,000 and 1,000,000 routes, and what a route costs in memory."""
    programs = [bench.started(Relay, 100), bench.started(Dproxy, 100), bench.started(Dproxy, 100_000),
                bench.started(Dproxy, 1_000_000), bench.started(Dnsdist, 100_000)]
    memory = {program: program.resident_kib() for program in programs}
    found = interleaved(programs, bench.rounds, lambda program: bench.tools.load(program, bench.seconds, window=100))
    base, least = found[programs[0]], memory[programs[1]]
    rows = []
    for program, runs in found.items():
        grown = (memory[program] - least) * 1024 / program.routes.count
        rows.append([program.name, "–" if program.name == Relay.name else f"{program.routes.count:,}",
                     spread(runs, "qps"), ratio(runs, base, "qps"), spread(runs, "cpu_us", "{:.2f}"),
                     ratio(runs, base, "cpu_us"), f"{memory[program] / 1024:.0f}",
                     f"{grown:.0f}" if isinstance(program, Dproxy) and program.routes.count > 100 else "–"])
    table("UDP, many routes", ["program", "routes", "queries/s", "of relay", "CPU µs a query", "of relay", "MiB",
                               "bytes a route"], rows)
    stop(programs)


def latency(bench):
    """At a rate that leaves all of them room."""
    programs = [bench.started(kind, 100) for kind in (Relay, Dproxy, *bench.rivals())]
    for rate in (1_000, 10_000):
        found = interleaved(programs, max(9, bench.rounds) if rate == 10_000 else 3,
                            lambda program: bench.tools.load(program, bench.seconds / 2, rate=rate))
        base = found[programs[0]]
        table(f"Latency at {rate:,} queries/s, UDP, 100 routes",
              ["program", "p50 µs", "of relay", "p99 µs", "of relay", "p99.9 µs", "CPU µs a query", "lost"],
              [[program.name, spread(runs, "p50"), ratio(runs, base, "p50"), spread(runs, "p99"),
                ratio(runs, base, "p99"), spread(runs, "p999"), spread(runs, "cpu_us", "{:.1f}"),
                f"{median(runs, 'loss'):.2%}"] for program, runs in found.items()])
    stop(programs)


def tcp(bench):
    """Pipelined TCP, 100 connections, by dnsperf."""
    programs = [bench.started(kind, 100) for kind in (Dproxy, *bench.rivals())]
    found = interleaved(programs, 3, lambda program: bench.tools.dnsperf(program, bench.seconds))
    base = found[programs[1]]
    table("TCP, pipelined, 100 connections", ["program", "queries/s", "of dnsdist", "lost"],
          [[program.name, spread(runs, "qps"), ratio(runs, base, "qps"), f"{median(runs, 'loss'):.2%}"]
           for program, runs in found.items()])
    stop(programs)


def metric(program, name):
    page = urllib.request.urlopen(f"http://127.0.0.1:{program.admin_port}/metrics", timeout=20).read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
               if line.startswith((name + " ", name + "{")))


def reload_cases(bench):
    """Queries while routes are read again, on both cores: the reload has a thread of its own."""
    rows = []
    for count, writes in ((100, "one file, each 100 ms"), (1_000_000, "all 1,000 files, at once")):
        program = bench.started(Dproxy, count, core="0,1")
        quiet = [bench.tools.load(program, bench.seconds, rate=10_000) for _ in range(3)]
        busy, took = [], []
        for step in range(3):
            reloads = metric(program, "dproxy_config_reloads_total")
            seconds = metric(program, "dproxy_config_reload_duration_seconds_sum")
            done = threading.Event()
            program.routes.prepare_prox(shift=step + 1)
            writer = threading.Thread(target=rewrite, args=(program, count, step + 1, done))
            wait = bench.tools.begin(program, bench.seconds if count == 100 else 4, rate=10_000,
                                     check=0)  # an answer may come by the old route and the new
            writer.start()
            busy.append(wait())
            done.set()
            writer.join()
            wait_for(lambda: metric(program, "dproxy_config_reloads_total") > reloads, "reload")
            time.sleep(SETTLE_SECONDS)
            new = metric(program, "dproxy_config_reloads_total") - reloads
            took.append((metric(program, "dproxy_config_reload_duration_seconds_sum") - seconds) / new * 1e3)
        for name, runs in (("none", quiet), (writes, busy)):
            rows.append([f"{count:,}", name, spread(runs, "p50"), spread(runs, "p99"), spread(runs, "p999"),
                         f"{max(run['loss'] for run in runs):.3%}",
                         "–" if runs is quiet else f"{statistics.median(took):,.0f}"])
        program.stop()
        program.routes.write_prox()
    table("dproxy during reloads, 10,000 queries/s, UDP",
          ["routes", "reload", "p50 µs", "p99 µs", "p99.9 µs", "lost at most", "a reload takes ms"], rows)


def rewrite(program, count, step, done):
    done.wait(LEAD_SECONDS)
    program.routes.swap_prox()
    while count == 100 and not done.wait(0.1):
        step += 1
        program.routes.write_prox(shift=step)


class TwoUpstreams:
    """One route for everything, to two upstreams; one of them is about to stop."""

    def __init__(self, bench):
        self.count, self.queries = 0, bench.routes_of(100).queries
        self.ports, self.directory = bench.tools.ports, bench.directory / "two-upstreams"
        self.directory.mkdir(exist_ok=True)
        self.first = bench.tools.start_upstreams(bench.tools.client.parent, [bench.tools.ports[0] + 20000])
        self.addresses = [f"127.0.0.1:{self.ports[0] + 20000}", f"127.0.0.1:{self.ports[1]}"]
        (self.directory / "all.prox").write_text(f"[*]\naddress = {', '.join(self.addresses)}\n")

    def zones(self):
        return iter(())


def two_of(kind, bench, pair):
    """The program, with the pair as its only upstreams."""
    program = kind(bench.directory, pair)
    program.checks = False
    command = program.command()
    config = program.directory / {"dnsdist": "dnsdist.conf", "Unbound": "unbound.conf", "CoreDNS": "Corefile"}.get(
        program.name, "none")
    if config.exists():
        last = f"127.0.0.1:{pair.ports[3]}"
        text = config.read_text()
        if program.name == "dnsdist":
            servers = "".join(f'newServer({{address="{address}", sockets=4, checkInterval=1}})\n'
                              for address in pair.addresses)
            text = "".join(line for line in text.splitlines(True) if "newServer" not in line
                           and "Suffix" not in line and "addAction" not in line) + servers
        else:
            both = [address.replace(":", "@") if program.name == "Unbound" else address for address in pair.addresses]
            last = last.replace(":", "@") if program.name == "Unbound" else last
            text = text.replace(last, f"{both[0]}\n  forward-addr: {both[1]}" if program.name == "Unbound"
                                else " ".join(both))
        config.write_text(text)
    program.command = lambda: command
    return program.start()


def dead_upstream(bench):
    """One of two upstreams stops at the beginning (SIGSTOP): what clients see of it."""
    rows = []
    for kind in (Dproxy, *bench.rivals()):
        pair = TwoUpstreams(bench)
        program = two_of(kind, bench, pair)
        bench.tools.first_answer_ms(program)
        before = bench.tools.load(program, 2, rate=5_000)
        wait = bench.tools.begin(program, 8, rate=5_000)
        pair.first.send_signal(19)
        after = wait()
        rows.append([program.name, f"{before['p50']:.0f}", f"{before['p99']:,.0f}", f"{after['loss']:.2%}",
                     f"{after['p50']:.0f}", f"{after['p99']:,.0f}", f"{after['p999']:,.0f}"])
        program.stop()
        pair.first.kill()
        pair.first.wait()
    table("One of two upstreams dead for 8 s, 5,000 queries/s",
          ["program", "p50 µs before", "p99 µs before", "failed or over 1 s", "p50 µs", "p99 µs", "p99.9 µs"], rows)


def start(bench):
    """From the start of the process to its first answer."""
    rows = []
    for kind, count, times in ((Relay, 100, 5), (Dproxy, 100, 9), (Dproxy, 100_000, 5), (Dproxy, 1_000_000, 3),
                               (Dnsdist, 100, 5), (Dnsdist, 100_000, 3)):
        found = []
        for _ in range(times):
            program = kind(bench.directory, bench.routes_of(count))
            program.core = "0,1" if kind is Dproxy else 0  # files are read on all the cores it may use
            program.start()
            found.append({"ms": bench.tools.first_answer_ms(program)})
            program.stop()
        rows.append([kind.name, "–" if kind is Relay else f"{count:,}", spread(found, "ms", "{:,.1f}")])
    table("Start to first answer", ["program", "routes", "ms"], rows)


def lists(bench):
    """1,000,000 names in one list, and as many sections: start, memory, and reading all of it again."""
    rows = []
    for words, routes in (("sections", bench.routes_of(1_000_000)),
                          ("names of one list", ListedRoutes(bench.directory, 1_000_000, bench.tools.ports))):
        found = []
        for _ in range(3):
            routes.write_prox()
            program = Dproxy(routes.directory.parent, routes)
            program.core = "0,1"
            program.start()
            run = {"start": bench.tools.first_answer_ms(program)}
            run["resident"] = program.resident_kib() / 1024
            reloads = metric(program, "dproxy_config_reloads_total")
            seconds = metric(program, "dproxy_config_reload_duration_seconds_sum")
            routes.write_prox(shift=1)
            wait_for(lambda: metric(program, "dproxy_config_reloads_total") > reloads, "reload")
            time.sleep(SETTLE_SECONDS)
            run["reload"] = (metric(program, "dproxy_config_reload_duration_seconds_sum") - seconds) * 1e3
            run["most"] = program.resident_kib(most=True) / 1024
            found.append(run)
            program.stop()
        routes.write_prox()
        rows.append([words, *(spread(found, name) for name in ("start", "reload", "resident", "most"))])
    table("1,000,000 names", ["as", "start to first answer ms", "a reload takes ms", "MiB", "MiB at most"], rows)


def change(bench):
    """One file among 100,000 routes is replaced: how long until the answer is another."""
    program = bench.started(Dproxy, 100_000, core="0,1")
    found = []
    for number in range(5):
        before = metric(program, "dproxy_config_reload_duration_seconds_sum")
        new = program.routes.directory / ".new"
        port = program.routes.ports[number % 3]
        new.write_text(f"[change{number}.lab]\n\taddress = 127.0.0.1:{port}\n")
        began = time.monotonic()
        new.rename(program.routes.directory / "zz-change.prox")
        wait_for(lambda: marker(program, f"change{number}.lab") == number % 3 + 1, "changed answer")
        taken = (time.monotonic() - began) * 1e3
        time.sleep(SETTLE_SECONDS)
        reload_ms = (metric(program, "dproxy_config_reload_duration_seconds_sum") - before) * 1e3
        found.append({"live": taken, "reload": reload_ms})
    program.stop()
    (program.routes.directory / "zz-change.prox").unlink()
    table("One file changed among 100,000 routes",
          ["until it is live, ms", "of it the quiet time, ms", "the reload, ms"],
          [[spread(found, "live"), "50", spread(found, "reload", "{:.1f}")]])


def marker(program, name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(1)
        asked.sendto(struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1", ("127.0.0.1", program.port))
        try:
            reply = asked.recv(1500)
        except TimeoutError:
            return None
    return reply[-1] if reply[3] & 15 == 0 and reply[7] else None


CASES = {"throughput": throughput, "many_routes": many_routes, "latency": latency, "tcp": tcp, "tls": encrypted.tls,
         "kept": kept.kept, "watched": watched.watched,
         "reload": reload_cases,
         "dead_upstream": dead_upstream, "start": start, "lists": lists, "change": change}
