# SPDX-License-Identifier: MIT
"""Load with every answer checked: the tools of tests/integration/load, as processes."""
import os
import subprocess
import tempfile
from pathlib import Path

from .ports import free_port

TOOLS = Path(os.environ.get("DPROXY_LOAD_TOOLS", "."))
ADDRESS = "127.0.0.1"


class LoadUpstreams:
    """`count` nameservers in one process, or one on each of `ports`; the n-th answers with the marker n."""

    def __init__(self, count=0, address=ADDRESS, ports=None):
        self.ports = ports or [free_port() for _ in range(count)]
        self.process = subprocess.Popen([TOOLS / "load_upstream", address, *map(str, self.ports)],
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Load:
    """Asks qN.zK.test, K from 0 to `zones` - 1, at a steady rate, in the background."""

    def __init__(self, port, rate, seconds, zones, markers):
        self.said = tempfile.TemporaryFile("w+")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [TOOLS / "load_client", ADDRESS, str(port), str(rate), str(seconds), str(zones), str(markers)],
            stdout=subprocess.PIPE, stderr=self.said, text=True)

    def is_over(self):
        return self.process.poll() is not None

    def result(self, patience=120):
        """The counts: sent, answered, wrong, lost."""
        line = self.process.communicate(timeout=patience)[0]
        assert self.process.returncode == 0, line
        return {key: int(value) for key, value in (part.split("=") for part in line.split())}

    def wrong_answers(self):
        """At most 1,000 of those that were wrong: what the client said of each, and the time.monotonic() of asking."""
        self.said.seek(0)
        told = [line.strip() for line in self.said if line.startswith("asked=")]
        return [(line, float(line.split()[0].removeprefix("asked="))) for line in told]
