# SPDX-License-Identifier: MIT
"""All that one test has started, and its end."""
from pathlib import Path

from .prox_directory import PlainDirectory, route
from .program import SANITIZER, Proxy
from .upstream import Upstream


class World:
    """One for each test, or one for each file where the tests can share it."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.proxies, self.upstreams, self.others = [], [], []

    def upstream(self, *arguments, **keys):
        self.upstreams.append(Upstream(*arguments, **keys))
        return self.upstreams[-1]

    def routes(self, files=None, name="routes"):
        """A plain directory, with the given files."""
        made = PlainDirectory(self.directory / name)
        for file, text in (files or {}).items():
            made.write(file, text)
        return made

    def proxy(self, routes=None, wait=True, environment=None, arguments=(), wrapper=(), **settings):
        """`routes`: the text of the one file, files by name, or a directory that exists."""
        name = f"proxy{len(self.proxies)}"
        if isinstance(routes, str):
            routes = {"test.prox": routes}
        if routes is None or isinstance(routes, dict):
            routes = self.routes(routes, f"{name}.routes")
        settings = {"upstreamlocation": routes, **settings}
        self.proxies.append(Proxy(self.directory / name, settings, environment, arguments, wrapper))
        return self.proxies[-1].start(wait)

    def relay(self, *upstreams, patterns="*", settings=None, environment=None, **keys):
        """A program with one route to these upstreams."""
        return self.proxy(route(patterns, *upstreams, **keys), environment=environment, **(settings or {}))

    def at_end(self, stop):
        self.others.append(stop)

    def report(self):
        return "\n\n".join(proxy.report() for proxy in self.proxies)

    def close(self):
        """Every program must end well: status 0 (2 where the test saw to it), and nothing from a sanitizer."""
        statuses = [proxy.stop() for proxy in self.proxies]
        for stop in reversed(self.others):
            stop()
        for upstream in self.upstreams:
            upstream.close()
        for proxy, status in zip(self.proxies, statuses):
            said = proxy.errors() + proxy.log()
            assert not SANITIZER.search(said), f"a sanitizer or an assertion spoke:\n{proxy.report()}"
            assert status == getattr(proxy, "expected_status", 0), f"ended with {status}:\n{proxy.report()}"
