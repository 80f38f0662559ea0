# SPDX-License-Identifier: MIT
"""What TLS costs towards clients: each function is a table that prints itself."""
import re
import subprocess

from measure import CLIENT_CORE, interleaved, median, ratio, spread
from rivals import Dnsdist, Dproxy, find, free_port
from tables import stop, table

CONNECTIONS = 10_000
UDP_RATE = 5_000


def certificate(directory):
    """(certificate's file, key's file): ECDSA on P-256, which is what authorities give out by now."""
    files = directory / "tls.crt", directory / "tls.key"
    if not files[0].exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=dns.example", "-keyout", files[1], "-out", files[0]],
                       check=True, capture_output=True)
    return files


class EncryptedDproxy(Dproxy):
    name = "dproxy"

    def __init__(self, directory, routes):
        super().__init__(directory, routes)
        self.tls_port, self.https_port = free_port(), free_port()

    def command(self):
        crt, key = certificate(self.directory)
        return [*super().command(), "--listen_tls", f"127.0.0.1:{self.tls_port}",
                "--listen_https", f"127.0.0.1:{self.https_port}", "--tls_cert", crt, "--tls_key", key,
                "--tcp_connections", 2 * CONNECTIONS, "--tcp_idle", "5m", "--max_buffered", "1GiB"]


class OverTcp(EncryptedDproxy):
    """Its upstreams are asked over TCP. Else those of clients over TLS are asked over UDP, a system call for some."""

    name = "dproxy, `protocol = tcp`"

    def command(self):
        routes = self.directory / "routes"
        routes.mkdir(exist_ok=True)
        for file in self.routes.directory.iterdir():
            (routes / file.name).write_text(file.read_text().replace("\n\n", "\n\tprotocol\t= tcp\n\n"))
        (routes / "zz.prox").write_text(f"[*]\naddress = 127.0.0.1:{self.routes.ports[3]}\nprotocol = tcp\n")
        return [*super().command(), "--upstreamlocation", routes]


class EncryptedDnsdist(Dnsdist):
    def __init__(self, directory, routes):
        super().__init__(directory, routes)
        self.tls_port, self.https_port = free_port(), free_port()

    def command(self):
        command = super().command()
        crt, key = certificate(self.directory)
        with (self.directory / "dnsdist.conf").open("a") as config:
            config.write(f'addTLSLocal("127.0.0.1:{self.tls_port}", "{crt}", "{key}", {{provider="openssl"}})\n'
                         f'addDOHLocal("127.0.0.1:{self.https_port}", "{crt}", "{key}", "/dns-query", '
                         '{idleTimeout=300})\n'
                         "setTCPRecvTimeout(300)\n")
        return command


def asked(bench, program, way):
    return bench.tools.dnsperf(program, bench.seconds, way, program.tls_port if way == "dot" else program.port)


def dot(bench):
    """Pipelined TLS on connections that stay, by dnsperf; beside the same over TCP."""
    programs = [bench.started(kind, 100) for kind in (EncryptedDproxy, OverTcp, EncryptedDnsdist)]
    own, _, other = programs
    ways = [(program, way) for program in programs for way in ("tcp", "dot")]
    found = interleaved(ways, bench.rounds, lambda one: asked(bench, *one))
    table("DNS over TLS, pipelined, 100 connections that stay",
          ["program", "over", "queries/s", "of dproxy's TCP", "of dnsdist's", "CPU µs a query", "of dproxy's TCP",
           "lost"],
          [[program.name, {"tcp": "TCP", "dot": "TLS"}[way], spread(runs, "qps"),
            ratio(runs, found[own, "tcp"], "qps"), ratio(runs, found[other, way], "qps"),
            spread(runs, "cpu_us", "{:.2f}"), ratio(runs, found[own, "tcp"], "cpu_us"),
            f"{median(runs, 'loss'):.2%}"] for (program, way), runs in found.items()])
    stop(programs)


def doh(bench):
    """HTTP/2 on connections that stay, by h2load; beside TCP by dnsperf."""
    programs = [bench.started(kind, 100) for kind in (EncryptedDproxy, OverTcp, EncryptedDnsdist)]
    own, _, other = programs
    question = bench.directory / "question"
    question.write_bytes(b"\0\0\1\0\0\1\0\0\0\0\0\0" b"\2h1\7z000001\3lab\0" b"\0\1\0\1")
    ways = [(own, "tcp"), *((program, "doh") for program in programs)]
    found = interleaved(ways, bench.rounds, lambda one: bench.tools.h2load(
        one[0], bench.seconds, one[0].https_port, question) if one[1] == "doh" else asked(bench, *one))
    table("DNS over HTTPS, HTTP/2, 50 streams at a time on each of 16 connections that stay",
          ["program", "over", "queries/s", "of dproxy's TCP", "of dnsdist's", "CPU µs a query", "failed"],
          [[program.name, {"tcp": "TCP", "doh": "HTTPS"}[way], spread(runs, "qps"),
            ratio(runs, found[own, "tcp"], "qps"), ratio(runs, found[other, "doh"], "qps"),
            spread(runs, "cpu_us", "{:.2f}"), f"{median(runs, 'loss'):.2%}"] for (program, way), runs in found.items()])
    stop(programs)


def shaken(bench, program, how, seconds=None):
    """Connections of `bench/tools/tls.c`: how many a second, and what each cost the program."""
    done = subprocess.run(["taskset", "-c", CLIENT_CORE, bench.directory / "tls", str(program.tls_port), how,
                           str(seconds or bench.seconds), str(program.pid)], capture_output=True, text=True,
                          check=True)
    found = {key: float(value) for key, value in (part.split("=") for part in done.stdout.split())}
    return {**found, "allowed": 1e6 / found["cpu_us"] if found["cpu_us"] else 0}


def alone(bench, how):
    """The same handshakes from memory to memory: what OpenSSL itself takes for the server's part."""
    done = subprocess.run(["taskset", "-c", "0", bench.directory / "openssl_alone", *certificate(bench.directory), how,
                           "1"], capture_output=True, text=True, check=True)
    found = {key: float(value) for key, value in (part.split("=") for part in done.stdout.split())}
    return {**found, "allowed": 1e6 / found["cpu_us"]}


def signatures(core):
    """Signatures with ECDSA on P-256 that one core makes in a second."""
    done = subprocess.run(["taskset", "-c", str(core), "openssl", "speed", "-seconds", "1", "ecdsap256"],
                          capture_output=True, text=True, check=True)
    return float(re.search(r"nistp256\)\s+\S+\s+\S+\s+([\d.]+)", done.stdout)[1])


def handshakes(bench):
    """Full, resumed, and abandoned when the server has done its part; beside what openssl signs."""
    programs = [bench.started(EncryptedDproxy, 100), bench.started(EncryptedDnsdist, 100)]
    kinds = ("full", "resumed", "hello")
    found = interleaved([(program, how) for program in programs for how in kinds], bench.rounds,
                        lambda one: shaken(bench, *one))
    least = {how: [alone(bench, how) for _ in range(3)] for how in ("full", "resumed")}
    signs = [{"signs": signatures(0)} for _ in range(3)]
    base = median(signs, "signs")
    words = {"full": "full", "resumed": "resumed", "hello": "full, left by the client when it has the answer"}
    table(f"TLS 1.3 handshakes, ECDSA on P-256; `openssl speed` signs {spread(signs, 'signs')} times a second",
          ["program", "handshake", "a second", "CPU µs each", "a second, if one core did nothing else",
           "of what openssl signs", "resumed", "failed"],
          [[program.name, words[how], spread(runs, "rate"), spread(runs, "cpu_us", "{:.1f}"),
            spread(runs, "allowed"), f"{median(runs, 'allowed') / base:.2f}", f"{median(runs, 'resumed'):.0%}",
            f"{sum(run['failed'] for run in runs):.0f}"] for (program, how), runs in found.items()] +
          [["OpenSSL alone, in memory", words[how], "–", spread(runs, "cpu_us", "{:.1f}"), spread(runs, "allowed"),
            f"{median(runs, 'allowed') / base:.2f}", f"{median(runs, 'resumed'):.0%}", "–"]
           for how, runs in least.items()])
    stop(programs)


def held(bench):
    """Memory of connections on which nothing is asked any more."""
    rows = []
    over = {"hold-tcp": "TCP", "hold": "TLS", "hold-https": "HTTPS"}
    for kind, how in ((EncryptedDproxy, "hold-tcp"), (EncryptedDproxy, "hold"), (EncryptedDproxy, "hold-https"),
                      (EncryptedDnsdist, "hold"), (EncryptedDnsdist, "hold-https")):
        program = bench.started(kind, 100)
        before = program.resident_kib()
        port = {"hold-tcp": program.port, "hold": program.tls_port, "hold-https": program.https_port}[how]
        holder = subprocess.Popen(["taskset", "-c", CLIENT_CORE, bench.directory / "tls", str(port), how,
                                   str(CONNECTIONS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = holder.stdout.readline() == "ready\n"
        after = program.resident_kib()
        holder.communicate()
        rows.append([program.name, over[how], f"{before / 1024:.1f}",
                     f"{after / 1024:.1f}" if ready else "–",
                     f"{(after - before) / CONNECTIONS:.1f}" if ready else "it does not hold so many"])
        program.stop()
    table(f"{CONNECTIONS:,} idle connections, one question asked on each",
          ["program", "over", "MiB before", "MiB with them", "KiB each"], rows)


def beside(bench):
    """UDP at a rate that leaves room, alone and while clients shake hands as fast as they are served."""
    program = bench.started(EncryptedDproxy, 100)
    quiet, busy, shaking = [], [], []
    for _ in range(max(5, bench.rounds)):
        quiet.append(bench.tools.load(program, bench.seconds, rate=UDP_RATE))
        flood = subprocess.Popen(["nice", "taskset", "-c", CLIENT_CORE, bench.directory / "tls", str(program.tls_port),
                                  "hello", str(bench.seconds + 1), str(program.pid)], stdout=subprocess.PIPE, text=True)
        busy.append(bench.tools.load(program, bench.seconds, rate=UDP_RATE))
        shaking.append({"rate": float(re.search(r"rate=(\d+)", flood.communicate()[0])[1])})
    table(f"UDP at {UDP_RATE:,} queries/s, on the worker that shakes hands",
          ["handshakes/s", "p50 µs", "p99 µs", "of without", "p99.9 µs", "lost"],
          [[rate, spread(runs, "p50"), spread(runs, "p99"), ratio(runs, quiet, "p99"), spread(runs, "p999"),
            f"{median(runs, 'loss'):.2%}"] for rate, runs in (("none", quiet), (spread(shaking, "rate"), busy))])
    program.stop()


def tls(bench):
    """All of these."""
    find("dnsperf")
    find("h2load")
    for one in (dot, doh, handshakes, held, beside):
        one(bench)
