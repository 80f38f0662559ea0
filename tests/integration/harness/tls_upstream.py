# SPDX-License-Identifier: MIT
"""A nameserver of the test's own that is spoken to over TLS, and servers that break a handshake."""
import ssl
import threading

from .upstream import Connection, Upstream, is_loop_probe


def server_context(certificate, key, protocols=("dot",), version=None):
    """`version`: an ssl.TLSVersion, the only one that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
        context.minimum_version = version
    return context


class TlsConnection(Connection):
    """One thread reads while others write, which OpenSSL does not allow at a time."""

    def __init__(self, plain, context):
        super().__init__(plain.socket, plain.peer)
        self.plain, self.context, self.is_resumed, self.shown = plain, context, None, None

    def handshake(self):
        """False: it came to nothing."""
        try:
            self.socket = self.context.wrap_socket(self.plain.socket, server_side=True)
        except OSError:
            return False
        self.is_resumed = self.socket.session_reused
        names = dict(part[0] for part in (self.socket.getpeercert() or {}).get("subject", ()))
        self.shown = names.get("commonName")  # by the client's certificate
        self.socket.settimeout(0.02)
        return True

    def read(self):
        """What came next; nothing at the end."""
        while True:
            with self.sending:
                try:
                    more = self.socket.recv(65536)
                except TimeoutError:
                    continue
                except OSError:
                    more = b""
            if not more:
                self.closed_by_peer.set()
            return more

    def messages(self):
        octets = b""
        while more := self.read():
            octets += more
            while len(octets) >= 2 and len(octets) >= 2 + int.from_bytes(octets[:2], "big"):
                end = 2 + int.from_bytes(octets[:2], "big")
                yield octets[2:end]
                octets = octets[end:]

    def close(self):
        super().close()
        try:
            self.plain.socket.close()
        except OSError:
            pass


class TlsUpstream(Upstream):
    """`context`: may be changed at any time, and holds for later connections. `sessions`: those whose handshake was
    good, without those of searches for loops; `hopeless`: how many were not."""

    session_class = TlsConnection

    def __init__(self, marker, context, **keys):
        self.context, self.sessions, self.hopeless = context, [], 0
        self.counting = threading.Lock()
        super().__init__(marker, transports=("tcp",), **keys)

    def _serve_connection(self, connection):
        session = self.session_class(connection, self.context)
        if not session.handshake():
            with self.counting:
                self.hopeless += 1
            connection.socket.close()
            return
        with self.counting:
            self.sessions.append(session)
        super()._serve_connection(session)

    def _take(self, exchange):
        if is_loop_probe(exchange.message) and exchange.connection.received == 1:
            with self.counting:
                self.sessions.remove(exchange.connection)
        super()._take(exchange)
