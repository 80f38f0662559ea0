# SPDX-License-Identifier: MIT
"""A proxy of the tests: what it sends stands behind a PROXY header, which tells for whom it speaks."""
from . import wire
from .client import PATIENCE, TcpClient, TlsClient, UdpClient
from .proxy_header import header

PROXY = "127.0.0.9"  # where it sends from
ASKER = {4: "192.0.2.7", 6: "2001:db8::7"}


def told(transport, asker=ASKER[4], port=4242):
    """The header of a client at this address."""
    asked = "2001:db8::53" if ":" in asker else "192.0.2.53"
    return header("udp" if transport == "udp" else "tcp", (asker, port), (asked, 53))


class Through:
    """A client behind it; `preface` stands in front of each datagram, or once in front of the connection."""

    def __init__(self, proxy, transport, preface, source=PROXY):
        address = "127.0.0.1", proxy.port_of(transport), source
        self.preface = preface if transport == "udp" else b""
        if transport == "tls":
            self.client = TlsClient(*address, preface=preface)
            return
        self.client = (UdpClient if transport == "udp" else TcpClient)(*address)
        if transport == "tcp":
            self.client.send_bytes(preface)

    def send(self, message):
        self.client.send(self.preface + message)

    def ask(self, message, patience=PATIENCE):
        """The answer to a message given as bytes, or to a name; None where the connection ends without one."""
        try:
            self.send(wire.query(message) if isinstance(message, str) else message)
        except OSError:
            return None
        return self.client.receive(patience)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()


def ask(proxy, transport, preface, message, source=PROXY):
    with Through(proxy, transport, preface, source) as one:
        return one.ask(message)
