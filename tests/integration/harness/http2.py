# SPDX-License-Identifier: MIT
"""Clients that ask over HTTP/2, frame by frame (RFC 9113, RFC 8484). With prior knowledge, or over TLS."""
import base64
import collections
import ssl
import struct

import hpack

from .client import PATIENCE, TcpClient

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1
INITIAL_WINDOW_SIZE = 4
PROTOCOL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 1, 7, 8, 11
LARGEST_WINDOW = 2 ** 31 - 1
MEDIA_TYPE = "application/dns-message"

Response = collections.namedtuple("Response", "stream status fields body")


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def setting(number, value):
    return struct.pack("!HI", number, value)


def pseudo(method, target, scheme="http"):
    return [(":method", method), (":scheme", scheme), (":authority", "dns.example"), (":path", target)]


def post_fields(message=None, target="/dns-query", **more):
    length = [("content-length", str(len(message)))] if message is not None else []
    fields = {"content-type": MEDIA_TYPE, **{name.replace("_", "-"): value for name, value in more.items()}}
    return [*pseudo("POST", target), *length, *fields.items()]


def in_target(message, path="/dns-query"):
    return f"{path}?dns={base64.urlsafe_b64encode(message).decode().rstrip('=')}"


class Http2Client(TcpClient):
    """`send` is a POST, `receive` the next answer of status 200; what else came is in `statuses`, `resets`, `goaways`.

    It opens every window as wide as it goes, unless `window` says less."""

    def __init__(self, address, port, source=None, window=LARGEST_WINDOW, receive_buffer=None):
        super().__init__(address, port, source, receive_buffer)
        self._begin(window)

    def _begin(self, window):
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.next_stream = 1
        self.statuses, self.resets, self.goaways, self.pongs = [], {}, [], 0
        self.finished = collections.deque()
        self._heads, self._bodies = {}, collections.defaultdict(bytes)
        self.send_bytes(PREFACE + frame(SETTINGS, payload=setting(INITIAL_WINDOW_SIZE, window)))
        if window == LARGEST_WINDOW:
            self.send_frame(WINDOW_UPDATE, payload=struct.pack("!I", LARGEST_WINDOW - 65535))

    def send_frame(self, kind, flags=0, stream=0, payload=b""):
        self.send_bytes(frame(kind, flags, stream, payload))

    def open(self, fields, flags=END_HEADERS | END_STREAM):
        """A request's head; the stream's number."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.send_frame(HEADERS, flags, stream, self.encoder.encode(fields))
        return stream

    def send(self, message):
        stream = self.open(post_fields(message), END_HEADERS)
        body = b""
        for at in range(0, len(message), 16384):
            rest = message[at:at + 16384]
            body += frame(DATA, END_STREAM if at + 16384 >= len(message) else 0, stream, rest)
        self.send_bytes(body)
        return stream

    def get(self, message, path="/dns-query"):
        return self.open(pseudo("GET", in_target(message, path)))

    def request(self, fields, body=None, patience=PATIENCE):
        """The response to one request."""
        stream = self.open(fields, END_HEADERS if body is not None else END_HEADERS | END_STREAM)
        if body is not None:
            self.send_frame(DATA, END_STREAM, stream, body)
        return self.response(stream, patience)

    def response(self, stream, patience=PATIENCE):
        """Of that stream; None where it was reset, or the connection has ended."""
        while True:
            found = next((one for one in self.finished if one.stream == stream), None)
            if found:
                self.finished.remove(found)
                return found
            if stream in self.resets or self.read_frame(patience) is None:
                return None

    def receive(self, patience=PATIENCE):
        while True:
            while self.finished:
                response = self.finished.popleft()
                if response.status == 200:
                    return response.body
            if self.read_frame(patience) is None:
                return None

    def read_frame(self, patience=PATIENCE):
        """Takes the next frame; None where none came, or the connection has ended."""
        self.socket.settimeout(patience)
        head = self._take(9)
        payload = head and self._take(int.from_bytes(head[:3], "big"))
        if payload is None:
            return None
        kind, flags, stream = struct.unpack("!BBI", head[3:])
        if kind == SETTINGS and not flags & ACK:
            self.send_frame(SETTINGS, ACK)
        elif kind == PING and not flags & ACK:
            self.send_frame(PING, ACK, payload=payload)
        elif kind == PING:
            self.pongs += 1
        elif kind == GOAWAY:
            self.goaways.append(struct.unpack_from("!II", payload))
        elif kind == RST_STREAM:
            self.resets[stream] = struct.unpack("!I", payload)[0]
        elif kind == HEADERS:
            self._heads[stream] = self.decoder.decode(payload)
        elif kind == DATA:
            self._bodies[stream] += payload
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self._finish(stream)
        return kind, flags, stream, payload

    def _finish(self, stream):
        fields = dict(self._heads.pop(stream))
        status = int(fields.pop(":status"))
        self.statuses.append(status)
        self.finished.append(Response(stream, status, fields, self._bodies.pop(stream, b"")))

    def is_closed(self, patience=PATIENCE):
        """Whether the other side closes before it answers anything more."""
        known = len(self.statuses)
        try:
            while self.read_frame(patience) is not None:
                if len(self.statuses) > known:
                    return False
            self.socket.settimeout(patience)
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def until_closed(self):
        """Reads all that still comes, and whether the other side closed then."""
        try:
            while self.read_frame() is not None:
                pass
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


class HttpsClient(Http2Client):
    """The same over TLS. Believes any certificate, unless `context` says otherwise."""

    def __init__(self, address, port, source=None, window=LARGEST_WINDOW, context=None):
        TcpClient.__init__(self, address, port, source)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        try:
            self.socket = context.wrap_socket(self.socket)
        except BaseException:
            self.socket.close()
            raise
        self._begin(window)
