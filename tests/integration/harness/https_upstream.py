# SPDX-License-Identifier: MIT
"""A nameserver of the test's own that is asked over HTTPS, frame by frame (RFC 8484, RFC 9113)."""
import collections
import struct

import hpack

from .http2 import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, MEDIA_TYPE, PING, PREFACE,
                    REFUSED_STREAM, RST_STREAM, SETTINGS, frame, setting)
from .tls_upstream import TlsConnection, TlsUpstream
from .upstream import Exchange

MAX_CONCURRENT_STREAMS = 3


class HttpsSession(TlsConnection):
    """`stream`, `fields`: of the request that was yielded last. `resets`: by the client, of which stream and why."""

    settings = b""  # those that it begins with
    greets = True  # False: it says nothing at all by itself

    def __init__(self, plain, context):
        super().__init__(plain, context)
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.stream, self.fields, self.resets, self.goaways = None, {}, {}, []
        self.heads, self.bodies = {}, collections.defaultdict(bytes)

    def send_frame(self, kind, flags=0, stream=0, payload=b""):
        self.send(frame(kind, flags, stream, payload))

    def respond(self, stream, body, status=200, flags=END_STREAM, **more):
        fields = {"content-type": MEDIA_TYPE, "content-length": str(len(body)),
                  **{name.replace("_", "-"): value for name, value in more.items()}}
        head = [(":status", str(status)), *((name, value) for name, value in fields.items() if value is not None)]
        octets = frame(HEADERS, END_HEADERS, stream, self.encoder.encode(head))
        pieces = [body[at:at + 16384] for at in range(0, len(body), 16384)] or [b""]
        for number, piece in enumerate(pieces):
            octets += frame(DATA, flags if number + 1 == len(pieces) else 0, stream, piece)
        self.send(octets)

    def go_away(self, last, code=0):
        self.send_frame(GOAWAY, payload=struct.pack("!II", last, code))

    def messages(self):
        if self.greets:
            self.send_frame(SETTINGS, payload=self.settings)
        octets, is_begun = b"", False
        while more := self.read():
            octets += more
            if not is_begun and len(octets) < len(PREFACE):
                continue
            if not is_begun:
                octets, is_begun = octets.removeprefix(PREFACE), True
            while len(octets) >= 9 and len(octets) >= 9 + int.from_bytes(octets[:3], "big"):
                end = 9 + int.from_bytes(octets[:3], "big")
                kind, flags, stream = struct.unpack("!BBI", octets[3:9])
                payload, octets = octets[9:end], octets[end:]
                if self._take(kind, flags, stream, payload):
                    self.stream, self.fields = stream, dict(self.heads.pop(stream))
                    yield self.bodies.pop(stream, b"")

    def _take(self, kind, flags, stream, payload):
        """True when a request is whole."""
        if kind in (SETTINGS, PING) and not flags & ACK:
            if self.greets:
                self.send_frame(kind, ACK, payload=payload if kind == PING else b"")
        elif kind == RST_STREAM:
            self.resets[stream] = struct.unpack("!I", payload)[0]
        elif kind == GOAWAY:
            self.goaways.append(struct.unpack_from("!II", payload))
        elif kind == HEADERS:
            self.heads[stream] = self.decoder.decode(payload)
        elif kind == DATA:
            self.bodies[stream] += payload
        return kind in (HEADERS, DATA) and bool(flags & END_STREAM)


class HttpsExchange(Exchange):
    def __init__(self, upstream, transport, message, peer, connection=None):
        super().__init__(upstream, transport, message, peer, connection)
        self.stream, self.fields = connection.stream, connection.fields

    def reply(self, message):
        self.connection.respond(self.stream, message)

    def reset(self, code=REFUSED_STREAM):
        self.connection.send_frame(RST_STREAM, stream=self.stream, payload=struct.pack("!I", code))


class HttpsUpstream(TlsUpstream):
    """`most_streams`: that it takes at a time."""

    exchange_class = HttpsExchange

    def __init__(self, marker, context, most_streams=None, greets=True, **keys):
        settings = b"" if most_streams is None else setting(MAX_CONCURRENT_STREAMS, most_streams)

        class Session(HttpsSession):
            pass
        Session.settings, Session.greets = settings, greets
        self.session_class = Session
        super().__init__(marker, context, **keys)


def endless_head(stream, frames):
    """HEADERS and CONTINUATION that never end."""
    return frame(HEADERS, 0, stream, hpack.Encoder().encode([(":status", "200")])) + frame(
        CONTINUATION, 0, stream, hpack.Encoder().encode([("x", "y" * 1000)])) * frames
