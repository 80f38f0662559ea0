# SPDX-License-Identifier: MIT
"""Readers of dnstap: fstrm_capture, which takes frames from a socket into a file, and what such a file says, decoded
here by hand, so that every field is seen, and by dnstap-read of BIND."""
import signal
import socket
import struct
import subprocess
from types import SimpleNamespace

import yaml

from . import behaviours, wire
from .ports import free_port

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
KINDS = {5: "CLIENT_QUERY", 6: "CLIENT_RESPONSE", 7: "FORWARDER_QUERY", 8: "FORWARDER_RESPONSE"}
PROTOCOLS = {1: "UDP", 2: "TCP", 3: "DOT", 4: "DOH"}
OUTER = {1: "identity", 2: "version", 14: "message", 15: "type"}
INNER = {1: "kind", 2: "family", 3: "protocol", 4: "query_address", 5: "response_address", 6: "query_port",
         7: "response_port", 8: "query_sec", 9: "query_nsec", 10: "query_message", 11: "query_zone",
         12: "response_sec", 13: "response_nsec", 14: "response_message"}


class Capture:
    """fstrm_capture at a Unix socket, or a port of 127.0.0.1, until stop()."""

    def __init__(self, world, place, name="captured"):
        self.file, self.place = world.directory / name, place
        kind, where = place.split(":", 1)
        at = ["-u", where] if kind == "unix" else ["-a", where.rsplit(":", 1)[0], "-p", where.rsplit(":", 1)[1]]
        self.process = subprocess.Popen(["fstrm_capture", "-t", CONTENT_TYPE.decode(), *at, "-w", str(self.file)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        world.at_end(self.kill)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """All frames that it took."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        return frames_of(self.file)


def unix_place(world):
    return f"unix:{world.directory}/dnstap.sock"


def tcp_place():
    return f"tcp:127.0.0.1:{free_port()}"


def payloads_of(file):
    """Of the data frames, between START and STOP."""
    octets, at, payloads = file.read_bytes(), 0, []
    while at < len(octets):
        length = struct.unpack_from(">I", octets, at)[0]
        at += 4
        if length == 0:  # a control frame
            at += 4 + struct.unpack_from(">I", octets, at)[0]
        else:
            payloads.append(octets[at:at + length])
            at += length
    assert at == len(octets)
    return payloads


def varint(octets, at):
    value = shift = 0
    while True:
        byte = octets[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields_of(octets, names):
    """By name; each stands once at most."""
    at, found = 0, {}
    while at < len(octets):
        tag, at = varint(octets, at)
        if tag & 7 == 0:
            value, at = varint(octets, at)
        elif tag & 7 == 2:
            length, at = varint(octets, at)
            value, at = octets[at:at + length], at + length
        else:
            assert tag & 7 == 5
            value, at = struct.unpack_from("<I", octets, at)[0], at + 4
        assert tag >> 3 in names and names[tag >> 3] not in found, (tag, found)
        found[names[tag >> 3]] = value
    assert at == len(octets)
    return found


def address(octets):
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def frame_of(payload):
    outer = fields_of(payload, OUTER)
    assert outer.pop("type") == 1
    inner = fields_of(outer.pop("message"), INNER)
    frame = SimpleNamespace(**outer)
    frame.kind, frame.protocol, frame.family = KINDS[inner["kind"]], PROTOCOLS[inner["protocol"]], inner["family"]
    for side in ("query", "response"):
        known = f"{side}_address" in inner
        setattr(frame, f"{side}_at", f"{address(inner[f'{side}_address'])}:{inner.get(f'{side}_port', 0)}" if known
                else None)
        setattr(frame, f"{side}_time", inner[f"{side}_sec"] + inner[f"{side}_nsec"] / 1e9
                if f"{side}_sec" in inner else None)
    frame.zone = inner.get("query_zone")
    assert ("query_message" in inner) != ("response_message" in inner)
    frame.message = inner.get("query_message", inner.get("response_message"))
    frame.is_response = "response_message" in inner
    return frame


def frames_of(file):
    return [frame_of(payload) for payload in payloads_of(file)]


def read_by_bind(file):
    """What dnstap-read says of the same file."""
    done = subprocess.run(["dnstap-read", "-y", str(file)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [told for told in yaml.safe_load_all(done.stdout) if told]


def read_by_knot(file):
    """What kdig says of the responses in it."""
    done = subprocess.run(["kdig", "-G", str(file)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until_read(proxy, count=1):
    """There is a reader."""
    proxy.until_logged("dnstap has a reader", count)


def all_captured(proxy, capture):
    """What the program told until its end."""
    assert proxy.stop() == 0
    return capture.stop()


def names_of(frames, kind="CLIENT_QUERY"):
    return [wire.question_name(one.message) for one in frames if one.kind == kind]


def large(message):
    """Few of these fill any buffer."""
    records = [wire.record(b"\xc0\x0c", wire.TXT, (b"\xff" + b"x" * 255) * 120) for _ in range(1)]
    return behaviours.answer_to(message, 1, records=records)


def asked_until_lost(proxy, dropped):
    """`dropped`: the metric of lost messages. Every query is answered meanwhile."""
    asked = 0
    with proxy.client("tcp") as client:
        while proxy.metrics().one(dropped) == 0:
            for _ in range(50):
                assert len(client.ask(wire.query(f"n{asked}.test", wire.TXT))) > 30_000
                asked += 1
            assert asked < 10_000, "no message was lost"
    assert proxy.get("/livez")[0] == 200
    return asked


class OwnReader:
    """A reader that does what the test says: `accept()` a writer, agree with it, take what comes or nothing."""

    def __init__(self, path):
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        self.listening.listen(5)
        self.connection = None

    def accept(self, agrees=True):
        self.connection = self.listening.accept()[0]
        self.connection.settimeout(60)
        if not agrees:
            return
        kind, content = self.control()
        assert (kind, content) == (4, [CONTENT_TYPE])
        self.say(1, CONTENT_TYPE)
        assert self.control() == (2, [CONTENT_TYPE])

    def take(self, count):
        octets = b""
        while len(octets) < count:
            more = self.connection.recv(count - len(octets))
            if not more:
                raise EOFError
            octets += more
        return octets

    def control(self):
        assert self.take(4) == bytes(4)
        return self.body_of_control()

    def body_of_control(self):
        body = self.take(struct.unpack(">I", self.take(4))[0])
        kind, at, content = struct.unpack_from(">I", body)[0], 4, []
        while at < len(body):
            length = struct.unpack_from(">II", body, at)[1]
            content.append(body[at + 8:at + 8 + length])
            at += 8 + length
        return kind, content

    def say(self, kind, content=b""):
        body = struct.pack(">I", kind) + (struct.pack(">II", 1, len(content)) + content if content else b"")
        self.connection.sendall(bytes(4) + struct.pack(">I", len(body)) + body)

    def frames(self):
        """Those that come until the writer says that it stops, or is gone."""
        taken = []
        try:
            while True:
                length = struct.unpack(">I", self.take(4))[0]
                if length == 0:
                    assert self.body_of_control() == (3, [])
                    self.say(5)
                    return taken
                taken.append(frame_of(self.take(length)))
        except (EOFError, ConnectionError):
            return taken

    def leave(self):
        self.connection.close()

    def close(self):
        if self.connection:
            self.connection.close()
        self.listening.close()
