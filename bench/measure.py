# SPDX-License-Identifier: MIT
"""One measurement, and what several of them say together.

Client and upstreams are on core 1, what is measured on core 0.
"""
import re
import statistics
import subprocess
import time
from pathlib import Path

CLIENT_CORE = "1"
LOSS_LIMIT = 0.001
WINDOWS = (32, 100, 250)


class Tools:
    """The client, and the upstreams for as long as the run takes."""

    def __init__(self, directory, ports):
        self.client, self.ports = directory / "client", ports
        self.upstreams = self.start_upstreams(directory, ports)

    @staticmethod
    def start_upstreams(directory, ports):
        process = subprocess.Popen(["taskset", "-c", CLIENT_CORE, directory / "upstream", "127.0.0.1",
                                    *map(str, ports)],
                                   stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise SystemExit("bench/run: the upstreams did not start")
        return process

    def load(self, program, seconds, queries=None, **how):
        """A run of load; the numbers that the client prints."""
        return self.begin(program, seconds, queries, **how)()

    def begin(self, program, seconds, queries=None, **how):
        """The same in the background: call the result to wait for the numbers."""
        command = ["taskset", "-c", CLIENT_CORE, self.client, str(program.port), queries or program.routes.queries,
                   str(seconds)]
        options = {"pid": program.pid, "check": int(program.checks), **how}
        command += [f"{key}={value}" for key, value in options.items()]
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)

        def wait():
            line = process.communicate(timeout=seconds + 30)[0]
            if process.returncode:
                raise SystemExit(f"bench/run: the client ended with {process.returncode} for {program.name}")
            found = {key: float(value) for key, value in (part.split("=") for part in line.split())}
            found["loss"] = (found["lost"] + found["wrong"]) / max(1, found["sent"])
            return found
        return wait

    def first_answer_ms(self, program):
        """From the start of the process to its first good answer."""
        done = subprocess.run(["taskset", "-c", CLIENT_CORE, self.client, str(program.port), program.routes.queries,
                               "first=200000"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"bench/run: {program.name} never answered: "
                             f"{(program.directory / 'output').read_text()[-2000:]}")
        return (int(done.stdout) - program.started) / 1e6

    def best_window(self, program):
        """The number of queries in flight at which it answers most, at a loss below the limit."""
        found = {window: self.load(program, 1, window=window) for window in WINDOWS}
        good = {window: one["qps"] for window, one in found.items() if one["loss"] < LOSS_LIMIT}
        return max(good, key=good.get) if good else WINDOWS[0]

    def dnsperf(self, program, seconds, way="tcp", port=None, connections=100):
        """Queries a second, pipelined on connections that stay, CPU time for one, and the share that was lost."""
        before = cpu_us(program.pid)
        done = subprocess.run(["taskset", "-c", CLIENT_CORE, "dnsperf", "-m", way, "-s", "127.0.0.1", "-p",
                               str(port or program.port), "-d", program.routes.dnsperf_file(), "-l", str(seconds),
                               "-c", str(connections), "-T", "1", "-q", "1000", "-t", "2", "-O", "suppress=timeout"],
                              capture_output=True, text=True, check=False)
        cost = cpu_us(program.pid) - before
        rate = re.search(r"Queries per second:\s+([\d.]+)", done.stdout)
        lost = re.search(r"Queries lost:\s+\d+ \(([\d.]+)%\)", done.stdout)
        completed = re.search(r"Queries completed:\s+(\d+)", done.stdout)
        return {"qps": float(rate[1]) if rate else 0.0, "loss": float(lost[1]) / 100 if lost else 1.0,
                "cpu_us": cost / max(1, int(completed[1])) if completed else 0.0}

    def h2load(self, program, seconds, port, question, connections=16, streams=50):
        """The same for DNS over HTTPS: one question again and again, POSTed in HTTP/2 by so many streams at a time.

        All connections shake hands at once, and dproxy lets one address have sixteen handshakes under way.
        """
        before = cpu_us(program.pid)
        done = subprocess.run(["taskset", "-c", CLIENT_CORE, "h2load", "--duration", str(max(1, round(seconds))), "-t",
                               "1", "-c", str(connections), "-m", str(streams), "-d", question, "-H",
                               "content-type: application/dns-message", f"https://127.0.0.1:{port}/dns-query"],
                              capture_output=True, text=True, check=False)
        cost = cpu_us(program.pid) - before
        rate = re.search(r"finished in .*, ([\d.]+) req/s", done.stdout)
        requests = re.search(r"requests: (\d+) total, .* (\d+) done, (\d+) succeeded", done.stdout)
        asked, good = (int(requests[2]), int(requests[3])) if requests else (0, 0)
        return {"qps": float(rate[1]) if rate else 0.0, "loss": 1 - good / asked if asked else 1.0,
                "cpu_us": cost / max(1, good)}

    def close(self):
        self.upstreams.kill()
        self.upstreams.wait()


def cpu_us(pid):
    """What the scheduler has counted for all threads of the process."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e3


def interleaved(programs, rounds, measure):
    """measure(program) for each of them in turn, round after round; the order turns too."""
    found = {program: [] for program in programs}
    for number in range(rounds):
        turn = number % len(programs)
        for program in [*programs[turn:], *programs[:turn]]:
            found[program].append(measure(program))
    return found


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def spread(runs, key, form="{:,.0f}", unit=1.0):
    """The median, and in brackets the least and the greatest."""
    values = sorted(run[key] / unit for run in runs)
    return f"{form.format(statistics.median(values))} ({form.format(values[0])}–{form.format(values[-1])})"


def ratio(runs, base, key):
    """Of the medians of the same rounds."""
    of = median(base, key)
    return f"{median(runs, key) / of:.2f}" if of else "–"


def wait_for(condition, what, patience=60.0):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"bench/run: no {what} within {patience:.0f} s")
        time.sleep(0.001)
