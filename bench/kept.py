# SPDX-License-Identifier: MIT
"""Kept answers beside a relay and beside what others keep: each function is a table that prints itself."""
from measure import interleaved, median, ratio, spread
from rivals import Coredns, Dnsdist, Dproxy, Relay, Unbound
from tables import stop, table

HOT = 10_000  # names that are asked for again and again
RATE = 10_000
FEW, MANY = 1_000, 1_000_000  # names that are all kept


def keeping(directory, routes, name):
    """The same routes, with a cache for an hour at least: the upstreams' TTL is shorter than a run."""
    kept = directory / name
    kept.mkdir(exist_ok=True)
    for file in routes.directory.iterdir():
        text = file.read_text().replace("\n\n", "\n\tcache\t\t= on\n\tcache_ttl\t= 1h-1d\n\n")
        (kept / file.name).write_text(text)
    return kept


class KeptDproxy(Dproxy):
    name = "dproxy, `cache = on`"
    cache_size = "1GiB"

    def command(self):
        kept = keeping(self.directory, self.routes, "kept")
        return [*super().command(), "--upstreamlocation", kept, "--cache_size", self.cache_size]


class FittingDproxy(KeptDproxy):
    cache_size = "256MiB"


class KeptDnsdist(Dnsdist):
    name = "dnsdist, packet cache"

    def command(self):
        command = super().command()
        with (self.directory / "dnsdist.conf").open("a") as config:
            config.write("pc = newPacketCache(4000000, {minTTL=3600, numberOfShards=20})\n")
            for pool in ("", "u1", "u2", "u3"):
                config.write(f'getPool("{pool}"):setCache(pc)\n')
        return command


class KeptUnbound(Unbound):
    name = "Unbound, its caches"

    def command(self):
        command = super().command()
        file = self.directory / "unbound.conf"
        text = file.read_text().replace("msg-cache-size: 0", "msg-cache-size: 512m")
        text = text.replace("rrset-cache-size: 0", "rrset-cache-size: 1024m").replace(
            "cache-max-ttl: 0", "cache-min-ttl: 3600\n  minimal-responses: no")
        file.write_text(text.replace("  forward-no-cache: yes\n", "").replace("  forward-no-cache: yes", ""))
        return command


class KeptCoredns(Coredns):
    name = "CoreDNS, `cache`"

    def command(self):
        command = super().command()
        file = self.directory / "Corefile"
        terms = "4000000 86400 3600"  # answers at most, most and least time
        file.write_text(file.read_text().replace(
            "  forward ", f"  cache {{\n    success {terms}\n    denial {terms}\n  }}\n  forward "))
        return command


def rivals():
    return [kind for kind in (KeptDnsdist, KeptUnbound, KeptCoredns) if kind is not KeptCoredns or Coredns.program]


class Questions:
    """Of which `share` were asked before; the others are new in each round."""

    def __init__(self, bench, share):
        self.bench, self.share, self.routes, self.rounds = bench, share, bench.routes_of(100), {}

    def zone(self, number):
        zone = number * 7919 % self.routes.count
        return f"z{zone:06}.lab {self.routes.marker_of(zone)}\n"

    def hot(self):
        return [f"hot{number:06}.{self.zone(number)}" for number in range(HOT)]

    def file(self, number):
        """Of a round; number 0 has each of the hot ones once."""
        path = self.bench.directory / f"kept-{self.share:.1f}-{number}"
        if path.exists():
            return path
        hot, fresh = self.hot(), round((1 - self.share) * 10)
        lines = hot if number == 0 or fresh == 0 else [
            f"n{number}x{line}.{self.zone(line)}" if line % 10 < fresh else hot[line * 48271 % HOT]
            for line in range(600_000)]
        path.write_text("".join(lines))
        return path


def next_round(program):
    program.round = getattr(program, "round", 0) + 1
    return program.round


def throughput(bench, programs, share):
    questions = Questions(bench, share)
    windows = {}
    for program in programs:
        bench.tools.load(program, 1, questions.file(0), window=32)
        windows[program] = max((32, 100, 250), key=lambda window: bench.tools.load(
            program, 0.5, questions.file(next_round(program)), window=window)["qps"])
    found = interleaved(programs, bench.rounds, lambda program: bench.tools.load(
        program, bench.seconds, questions.file(next_round(program)), window=windows[program]))
    base = found[programs[0]]
    table(f"Answered from memory: {share:.0%} of the queries",
          ["program", "queries/s", "of relay", "CPU µs a query", "of relay", "lost", "in flight"],
          [[program.name, spread(runs, "qps"), ratio(runs, base, "qps"), spread(runs, "cpu_us", "{:.2f}"),
            ratio(runs, base, "cpu_us"), f"{median(runs, 'loss'):.2%}", str(windows[program])]
           for program, runs in found.items()])


def latency(bench, programs):
    questions = Questions(bench, 1.0)
    found = interleaved(programs, max(5, bench.rounds), lambda program: bench.tools.load(
        program, bench.seconds / 2, questions.file(0), rate=RATE))
    base = found[programs[0]]
    table(f"Latency at {RATE:,} queries/s, all of them asked before",
          ["program", "p50 µs", "of relay", "p99 µs", "of relay", "CPU µs a query"],
          [[program.name, spread(runs, "p50"), ratio(runs, base, "p50"), spread(runs, "p99"),
            ratio(runs, base, "p99"), spread(runs, "cpu_us", "{:.1f}")] for program, runs in found.items()])


def kept(bench):
    """All of these, and what an answer takes."""
    programs = [bench.started(kind, 100) for kind in (Relay, Dproxy, KeptDproxy, *rivals())]
    throughput(bench, programs, 1.0)
    latency(bench, programs)
    throughput(bench, programs, 0.8)
    stop(programs)
    few_and_many(bench)
    memory(bench)


def many_names(bench, count, step):
    """A file of so many names, each once; by steps that have no divisor in common with the count."""
    questions = bench.directory / f"kept-many-{count}-{step}"
    zone = Questions(bench, 1.0).zone
    numbers = (number * step % count for number in range(count))
    questions.write_text("".join(f"many{number:07}.{zone(number)}" for number in numbers))
    return questions


def learn(bench, program, count):
    """Each of so many names is asked once, so that it is kept."""
    seconds = count / 50_000
    while bench.tools.load(program, seconds, many_names(bench, count, 1), window=100)["sent"] < count:
        seconds *= 2  # from the first one on, but those that are kept already take less


def few_and_many(bench):
    """From memory all the same, but of a few answers and of a million, asked for in an order that is not theirs."""
    programs = [bench.started(kind, 100) for kind in (KeptDproxy, *rivals())]
    for program in programs:
        learn(bench, program, MANY)
        bench.tools.load(program, 1, many_names(bench, FEW, 1), window=32)
    found = {}
    for count, step in ((FEW, 7), (MANY, 482_711)):
        questions = many_names(bench, count, step)
        found[count] = interleaved(programs, bench.rounds, lambda program, of=questions: bench.tools.load(
            program, bench.seconds * 2, of, window=100))
    rows = []
    for program in programs:
        for count, of in found.items():
            runs, base = of[program], found[FEW][program]
            rows.append([program.name, f"{count:,}", spread(runs, "qps"), ratio(runs, base, "qps"),
                         spread(runs, "cpu_us", "{:.2f}"), ratio(runs, base, "cpu_us"), f"{median(runs, 'loss'):.2%}"])
    table("Answered from memory: all of 1,000 names, and of 1,000,000",
          ["program", "names", "queries/s", "of 1,000", "CPU µs a query", "of 1,000", "lost"], rows)
    stop(programs)


def memory(bench, names=500_000):
    """Resident memory that grows by so many answers, for each."""
    questions = many_names(bench, names, 1)
    rows = []
    for kind in (FittingDproxy, *rivals()):
        program = bench.started(kind, 100)
        bench.tools.load(program, 1, Questions(bench, 1.0).file(0), window=100)
        before = program.resident_kib()
        asked = min(names, bench.tools.load(program, 20, questions, window=100)["sent"])
        rows.append([program.name, f"{asked:,.0f}", f"{(program.resident_kib() - before) * 1024 / asked:.0f}"])
        program.stop()
    table("Memory of kept answers", ["program", "answers", "bytes each"], rows)
