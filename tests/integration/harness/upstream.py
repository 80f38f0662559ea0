# SPDX-License-Identifier: MIT
"""A nameserver of the test's own: UDP and TCP on one port, and it does what its behaviour says."""
import re
import socket
import struct
import threading
import traceback

from . import proxy_header, wire
from .behaviours import answer, silence
from .deadline import wait_until
from .ports import free_port


class Exchange:
    """A message that arrived, and the ways to react to it."""

    def __init__(self, upstream, transport, message, peer, connection=None, header=b""):
        self.upstream, self.transport, self.message, self.peer = upstream, transport, message, peer
        self.connection = connection
        self.header = connection.header if connection else header  # of the PROXY protocol

    @property
    def marker(self):
        return self.upstream.marker

    def reply(self, message):
        if self.transport == "udp":
            self.upstream.udp.sendto(message, self.peer)
        else:
            self.send_bytes(struct.pack("!H", len(message)) + message)

    def reply_from_another_port(self, message):
        with socket.socket(self.upstream.family, socket.SOCK_DGRAM) as other:
            other.bind((self.upstream.host, 0))
            other.sendto(message, self.peer)

    def send_bytes(self, octets):
        self.connection.send(octets)

    def close(self):
        self.connection.close()


class Connection:
    def __init__(self, accepted, peer, proxied=False):
        self.socket, self.peer, self.proxied, self.header = accepted, peer, proxied, b""
        self.closed_by_peer = threading.Event()
        self.received = 0
        self.sending = threading.Lock()

    def send(self, octets):
        with self.sending:
            try:
                self.socket.sendall(octets)
            except OSError:
                pass  # the program hung up: the test sees that elsewhere

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def messages(self):
        """Every whole message until the other side closes. Anything half is left to the test that sent it."""
        octets = b""
        while True:
            if self.proxied and not self.header and octets:
                _, length = proxy_header.read(octets) or (None, 0)
                self.header, octets = octets[:length], octets[length:]
            begun = self.header or not self.proxied
            while begun and len(octets) >= 2 and len(octets) >= 2 + struct.unpack_from("!H", octets)[0]:
                end = 2 + struct.unpack_from("!H", octets)[0]
                yield octets[2:end]
                octets = octets[end:]
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.closed_by_peer.set()
                return
            octets += more


class Upstream:
    """`behaviour(exchange)` is called for each message, in the thread of its socket; it may be changed at any time.

    `proxied`: before each datagram and connection there has to be a PROXY header.
    """

    exchange_class = Exchange

    def __init__(self, marker=1, behaviour=answer, host="127.0.0.1", port=None, transports=("udp", "tcp"),
                 proxied=False):
        self.marker, self.behaviour, self.host, self.proxied = marker, behaviour, host, proxied
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.port = port or free_port()
        self.received, self.probes, self.loop_probes = [], [], []
        self.connections, self.probe_connections = [], []
        self.on_accept = lambda connection: True
        self.udp = self.tcp = None
        address = socket.getaddrinfo(host, self.port)[0][4]  # with the interface of a link-local one
        if "udp" in transports:
            self.udp = socket.socket(self.family, socket.SOCK_DGRAM)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            self.udp.bind(address)
            self._run(self._serve_udp)
        if "tcp" in transports:
            self.tcp = socket.socket(self.family, socket.SOCK_STREAM)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.tcp.bind(address)
            self.tcp.listen(512)
            self._run(self._serve_tcp)

    def __str__(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def wait_for(self, count):
        """The first `count` exchanges, as soon as they have arrived."""
        wait_until(lambda: len(self.received) >= count,
                   lambda: f"{count} messages at upstream {self.marker}, only {len(self.received)}")
        return self.received[:count]

    def messages(self, name):
        """What arrived for that name."""
        return [exchange for exchange in list(self.received) if wire.question_name(exchange.message) == name]

    def close(self):
        for listening in filter(None, (self.udp, self.tcp)):
            try:
                listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            except OSError:
                pass
            listening.close()
        for connection in self.connections + self.probe_connections:
            connection.close()
            connection.socket.close()

    @staticmethod
    def _run(serve, *arguments):
        threading.Thread(target=serve, args=arguments, daemon=True).start()

    def _serve_udp(self):
        while True:
            try:
                message, peer = self.udp.recvfrom(65536)
            except OSError:
                return
            if peer:
                length = proxy_header.read(message)[1] if self.proxied else 0
                self._take(Exchange(self, "udp", message[length:], peer, header=message[:length]))

    def _serve_tcp(self):
        while True:
            try:
                accepted, peer = self.tcp.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(accepted, peer, self.proxied)
            self.connections.append(connection)
            if self.on_accept(connection):
                self._run(self._serve_connection, connection)
            else:
                accepted.close()

    def _serve_connection(self, connection):
        for message in connection.messages():
            connection.received += 1
            if connection.received == 1 and is_loop_probe(message) and connection in self.connections:
                self.connections.remove(connection)
                self.probe_connections.append(connection)
            self._take(self.exchange_class(self, "tcp", message, connection.peer, connection))

    def _take(self, exchange):
        if is_loop_probe(exchange.message):
            self.loop_probes.append(exchange)
            answer(exchange)
            return
        if is_probe(exchange.message):
            self.probes.append(exchange)
            answer(exchange)
            return
        self.received.append(exchange)
        try:
            self.behaviour(exchange)
        except OSError:
            pass  # the socket of the exchange is gone
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()  # a message that the behaviour was not made for; the thread must live


class Mortal(Upstream):
    """Takes probes for what they are, and answers them only while it lives."""

    def __init__(self, *arguments, **keys):
        self.answers_probes = True
        super().__init__(*arguments, **keys)

    def _take(self, exchange):
        if is_probe(exchange.message):
            self.probes.append(exchange)
            if self.answers_probes:
                answer(exchange)
        else:
            super()._take(exchange)

    def die(self):
        self.answers_probes, self.behaviour = False, silence

    def live(self):
        self.answers_probes, self.behaviour = True, answer


LOOP_LABEL = re.compile("[0-9a-f]{32}")


def asked(message):
    """(type, name) of a query; nothing of what is none."""
    try:
        found = wire.question_type(message), wire.question_name(message)
    except (IndexError, ValueError, struct.error):
        return None
    return found if wire.opcode_of(message) == wire.QUERY else None


def is_probe(message):
    """The program's own question for its upstreams' health."""
    return asked(message) == (wire.NS, "")


def is_loop_probe(message):
    """The program's own search for loops: HINFO of a random label."""
    found = asked(message)
    return bool(found) and found[0] == wire.HINFO and bool(LOOP_LABEL.fullmatch(found[1].split(".")[0]))
