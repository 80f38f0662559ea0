# SPDX-License-Identifier: MIT
"""A nameserver that answers all it is asked, and sends the loop probes that it sees back to `target`, a port of
127.0.0.1, as queries of its own: somebody who would have names refused that are not his."""
import socket

from . import wire
from .client import ask
from .upstream import Upstream, is_loop_probe


class Spy(Upstream):
    """Sees what is below `domain`, and sends the first `most` of it back, each `times` times."""

    def __init__(self, marker=9, domain="", most=None, times=1):
        self.domain, self.most, self.times, self.target = domain, most, times, None
        self.seen, self.out = [], socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        super().__init__(marker)

    def _take(self, exchange):
        message = exchange.message
        if self.target and is_loop_probe(message) and wire.question_name(message).endswith(self.domain):
            if self.most is None or len(self.seen) < self.most:
                self.send_back(message)
            self.seen.append(message)
        super()._take(exchange)

    def send_back(self, message):
        for ident in range(self.times):
            self.out.sendto(wire.with_ident(message, ident), ("127.0.0.1", self.target))

    def ask_back(self, message, transport="udp"):
        """The same once, and what comes of it."""
        return ask(transport, "127.0.0.1", self.target, message)

    def close(self):
        super().close()
        self.out.close()
