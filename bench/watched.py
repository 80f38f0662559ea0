# SPDX-License-Identifier: MIT
"""What it costs to see who asked what: each function is a table that prints itself."""
import subprocess
import time

from measure import CLIENT_CORE, interleaved, median, ratio, spread
from rivals import Dnsdist, Dproxy, Relay, find
from tables import stop, table

RATE = 50_000  # which dproxy answers on most machines, so that the same is done for each query


class LoggingDproxy(Dproxy):
    name = "dproxy, `querylog = 1/100`"
    fraction = "1/100"

    def command(self):
        return [*super().command(), "--querylog", self.fraction]


class LoggingAllDproxy(LoggingDproxy):
    name = "dproxy, `querylog = on`"
    fraction = "on"


class Tapped:
    """A program whose dnstap `fstrm_capture` reads, on the client's core, and throws away."""

    reader = None

    def socket(self):
        return self.directory / "dnstap.sock"

    def start(self):
        self.socket().unlink(missing_ok=True)
        self.reader = subprocess.Popen(["taskset", "-c", CLIENT_CORE, find("fstrm_capture"), "-t",
                                        "protobuf:dnstap.Dnstap", "-u", self.socket(), "-w", "/dev/null"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.socket().exists():
            time.sleep(0.01)
        return super().start()

    def stop(self):
        super().stop()
        self.reader.kill()
        self.reader.wait()


class TappedDproxy(Tapped, Dproxy):
    name = "dproxy, `dnstap`: four messages a query"

    def command(self):
        return [*super().command(), "--dnstap", f"unix:{self.socket()}"]


class TappedDnsdist(Tapped, Dnsdist):
    name = "dnsdist, dnstap: two messages a query"

    def command(self):
        command = super().command()
        file = self.directory / "dnsdist.conf"
        text = file.read_text().replace("addAction(Suffix", 'addAction(AllRule(), DnstapLogAction("q", tap))\n'
                                        "addAction(Suffix", 1)
        file.write_text(f'tap = newFrameStreamUnixLogger("{self.socket()}")\n{text}'
                        'addResponseAction(AllRule(), DnstapLogResponseAction("r", tap))\n')
        return command


def watched(bench):
    """CPU time of a query, threads that write included, at one rate; and the most that is answered."""
    kinds = (Relay, Dproxy, LoggingDproxy, LoggingAllDproxy, TappedDproxy, Dnsdist, TappedDnsdist)
    programs = [bench.started(kind, 100) for kind in kinds]
    steady = interleaved(programs, bench.rounds, lambda program: bench.tools.load(program, bench.seconds, rate=RATE))
    windows = {program: bench.tools.best_window(program) for program in programs}
    most = interleaved(programs, bench.rounds,
                       lambda program: bench.tools.load(program, bench.seconds, window=windows[program]))
    _, plain, *_, plain_dnsdist, _ = programs
    rows = []
    for program in programs:
        off = plain_dnsdist if isinstance(program, Dnsdist) else plain
        rows.append([program.name, spread(steady[program], "cpu_us", "{:.2f}"),
                     ratio(steady[program], steady[off], "cpu_us"), f"{median(steady[program], 'p99'):.0f}",
                     f"{median(steady[program], 'loss'):.2%}", spread(most[program], "qps"),
                     ratio(most[program], most[off], "qps"), spread(most[program], "cpu_us", "{:.2f}")])
    table(f"Watched: at {RATE:,} queries/s, and at most",
          ["program", "CPU µs a query", "of off", "p99 µs", "lost", "most queries/s", "of off", "CPU µs then"], rows)
    stop(programs)
