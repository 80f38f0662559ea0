# SPDX-License-Identifier: MIT
"""Clients that speak bytes. Each waits generously and returns None when nothing came."""
import socket
import ssl
import struct

PATIENCE = 30.0  # seconds for an answer that must come
LOOPBACK = {4: "127.0.0.1", 6: "::1"}


class UdpClient:
    """A connected socket: an answer from another address than the one asked is never seen."""

    def __init__(self, address, port, source=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((address, port))

    def send(self, message):
        self.socket.send(message)

    def receive(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        try:
            return self.socket.recv(65536)
        except (TimeoutError, ConnectionRefusedError):
            return None

    def ask(self, message, patience=PATIENCE):
        self.send(message)
        return self.receive(patience)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class TcpClient(UdpClient):
    """A connection with the two-byte length before each message."""

    def __init__(self, address, port, source=None, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(PATIENCE)
        self.socket.connect((address, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left_over = b""

    def send_bytes(self, octets):
        self.socket.sendall(octets)

    def send(self, message):
        self.send_bytes(framed(message))

    def receive(self, patience=PATIENCE):
        self.socket.settimeout(patience)
        length = self._take(2)
        return None if length is None else self._take(struct.unpack("!H", length)[0])

    def _take(self, count):
        while len(self.left_over) < count:
            try:
                more = self.socket.recv(65536)
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                return None
            if not more:
                return None
            self.left_over += more
        taken, self.left_over = self.left_over[:count], self.left_over[count:]
        return taken

    def is_closed(self, patience=PATIENCE):
        """Whether the other side closes before it sends anything more."""
        self.socket.settimeout(patience)
        try:
            return not self.left_over and self.socket.recv(1) == b""
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False


class TlsClient(TcpClient):
    """The same behind TLS. Believes any certificate, unless `context` says otherwise. `preface`: in clear before it."""

    def __init__(self, address, port, source=None, context=None, name=None, preface=b""):
        super().__init__(address, port, source)
        self.send_bytes(preface)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            self.socket = context.wrap_socket(self.socket, server_hostname=name)
        except BaseException:
            self.socket.close()
            raise


def framed(message):
    return struct.pack("!H", len(message)) + message


def client(transport, address, port, source=None):
    from .http2 import Http2Client, HttpsClient  # which stand on these
    kinds = {"udp": UdpClient, "tcp": TcpClient, "tls": TlsClient, "https": HttpsClient, "http": Http2Client}
    return kinds[transport](address, port, source)


def ask(transport, address, port, message, source=None, patience=PATIENCE):
    """One message from a fresh socket; the answer, or None."""
    with client(transport, address, port, source) as one:
        return one.ask(message, patience)
