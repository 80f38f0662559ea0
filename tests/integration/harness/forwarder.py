# SPDX-License-Identifier: MIT
"""A nameserver that sends some domains on to another one, as cluster DNS does with a stub domain. It has no cache, no
limit, and no thought of loops."""
import socket
import struct
import threading

from . import wire
from .behaviours import answer
from .client import framed
from .upstream import Upstream, is_probe

QUERIES_A_CONNECTION = 50  # less than dproxy reads at a time


class Line:
    """A socket to the other server, and who waits for which ID."""

    def __init__(self, transport, address):
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.transport, self.socket = transport, socket.socket(socket.AF_INET, kind)
        self.socket.connect(address)
        if transport == "udp":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.waiting, self.used = {}, 0
        threading.Thread(target=self._read, daemon=True).start()

    def forward(self, exchange):
        self.used = (self.used + 1) % 65536
        self.waiting[self.used] = exchange
        message = wire.with_ident(exchange.message, self.used)
        self.socket.sendall(message if self.transport == "udp" else framed(message))

    def _replies(self):
        octets = b""
        while True:
            try:
                more = self.socket.recv(65536)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            if not more:
                return  # closed, by one side or the other
            if self.transport == "udp":
                yield more
                continue
            octets += more
            while len(octets) >= 2 and len(octets) >= 2 + struct.unpack_from("!H", octets)[0]:
                end = 2 + struct.unpack_from("!H", octets)[0]
                yield octets[2:end]
                octets = octets[end:]

    def _read(self):
        for reply in self._replies():
            exchange = self.waiting.pop(wire.ident_of(reply), None)
            if exchange:
                try:
                    exchange.reply(wire.with_ident(reply, wire.ident_of(exchange.message)))
                except OSError:
                    pass  # whoever asked is gone

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Forwarder(Upstream):
    """Sends names in `domains` on to `target`, a port of 127.0.0.1, and answers all others. Both may be set later."""

    def __init__(self, marker=9, domains=(), target=None):
        self.domains, self.target = tuple(domains), target
        self.forwarded, self.lines, self.lock = [], {}, threading.Lock()
        super().__init__(marker)

    def is_forwarded(self, message):
        owner = "." + wire.question_name(message).lower()
        return self.target and any(owner.endswith("." + domain if domain else "") for domain in self.domains)

    def _take(self, exchange):
        if not self.is_forwarded(exchange.message):
            return super()._take(exchange)
        if is_probe(exchange.message) and wire.question_name(exchange.message) == "":
            return answer(exchange)
        with self.lock:
            self.forwarded.append(exchange)
            line = self.lines.get(exchange.transport)
            if line is None or exchange.transport == "tcp" and line.used >= QUERIES_A_CONNECTION:
                line = self.lines[exchange.transport] = Line(exchange.transport, ("127.0.0.1", self.target))
            try:
                line.forward(exchange)
            except OSError:
                self.lines.pop(exchange.transport)

    def close(self):
        super().close()
        for line in self.lines.values():
            line.close()
