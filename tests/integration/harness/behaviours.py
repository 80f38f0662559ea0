# SPDX-License-Identifier: MIT
"""What a nameserver of the tests does with a message: functions that take an Exchange."""
import struct
import threading

from . import wire


def answer_to(message, marker, rcode=wire.NOERROR, flags=0, additional=b"", records=None):
    """A reply with the question as it came and one A record, 192.0.2.marker, under it."""
    answers = [wire.record(b"\xc0\x0c", wire.A, bytes([192, 0, 2, marker]))] if records is None else records
    asked = wire.flags_of(message)
    first = asked & (wire.RD | wire.CD | 0x7800) | wire.QR | wire.RA | flags | rcode
    head = struct.pack("!6H", wire.ident_of(message), first, 1, len(answers), 0, 1 if additional else 0)
    return head + wire.question_of(message) + b"".join(answers) + additional


def answer(exchange):
    exchange.reply(answer_to(exchange.message, exchange.marker))


def silence(_):
    pass


def with_rcode(rcode):
    return lambda exchange: exchange.reply(answer_to(exchange.message, 0, rcode, records=[]))


def replying(make):
    """make(message) gives the reply, or several to be sent one after the other."""
    def behave(exchange):
        made = make(exchange.message)
        for reply in [made] if isinstance(made, bytes) else made:
            exchange.reply(reply)
    return behave


def bare_header(rcode):
    """What servers send that could not parse the message."""
    return lambda message: struct.pack("!6H", wire.ident_of(message),
                                       wire.flags_of(message) & 0x7900 | wire.QR | rcode, 0, 0, 0, 0)


def sized(length, marker=1, opt=b""):
    """A reply of exactly that many bytes: TXT records, and an OPT where one is given."""
    def make(message):
        head = 12 + len(wire.question_of(message)) + len(opt)
        room, records = length - head, []
        while room > 0:
            take = min(room, 16000)
            if room - take in range(1, 12):
                take -= 12
            assert take >= 12, f"{length} bytes cannot be filled with records"
            records.append(wire.record(b"\xc0\x0c", wire.TXT, bytes([marker]) * (take - 12)))
            room -= take
        made = answer_to(message, marker, records=records, additional=opt)
        assert len(made) == length
        return made
    return make


def close_after_answer(exchange):
    answer(exchange)
    if exchange.connection:
        exchange.close()


def close_at_once(exchange):
    if exchange.connection:
        exchange.close()


class Hold:
    """Keeps messages until they are let go; then `then` happens to each."""

    def __init__(self, then=answer):
        self.then, self.held, self.lock, self.open = then, [], threading.Lock(), False

    def __call__(self, exchange):
        with self.lock:
            if not self.open:
                self.held.append(exchange)
                return
        self.then(exchange)

    def release(self, count=None, reverse=False):
        """Lets go of the first `count` held, or of all and of whatever comes later."""
        with self.lock:
            self.open = count is None
            going = self.held[:count]
            self.held = self.held[len(going):]
        for exchange in reversed(going) if reverse else going:
            self.then(exchange)


class Script:
    """The first behaviour for the first message, the second for the second, the last for all that follow."""

    def __init__(self, *behaviours):
        self.behaviours = list(behaviours)

    def __call__(self, exchange):
        behave = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        behave(exchange)


class CloseWhenAskedTwo:
    """Answers a query that is alone on its connection; closes with both unanswered when a second one comes."""

    def __init__(self, pause=0.2):
        self.pause, self.alone, self.lock = pause, {}, threading.Lock()

    def __call__(self, exchange):
        with self.lock:
            second = exchange.connection in self.alone
            self.alone[exchange.connection] = exchange
        if second:
            exchange.close()
        else:
            threading.Timer(self.pause, self.answer, [exchange]).start()

    def answer(self, exchange):
        with self.lock:
            if self.alone.pop(exchange.connection) is not exchange:
                return
        answer(exchange)


class ForgetOneOfTwo:
    """Never answers every second name when it comes for the first time."""

    def __init__(self):
        self.seen, self.lock = set(), threading.Lock()

    def __call__(self, exchange):
        name = wire.question_name(exchange.message)
        with self.lock:
            forgotten = name not in self.seen and len(self.seen) % 2 == 0
            self.seen.add(name)
        if not forgotten:
            answer(exchange)


def one_connection_at_a_time(upstream):
    """Takes a connection when the one before has been closed by the program, as a loop around accept() does."""
    def wait_for_the_last(connection):
        for other in upstream.connections[:-1]:
            other.closed_by_peer.wait(60)
        return True
    upstream.on_accept = wait_for_the_last
