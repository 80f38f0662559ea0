# SPDX-License-Identifier: MIT
"""Zone transfers as messages: what a primary sends, and what a client must get."""
from . import behaviours, wire


def messages_of(query, groups, later_question=True):
    """One reply for each group of records; all but the first may leave the question out."""
    made = [behaviours.answer_to(query, 0, flags=wire.AA, records=list(records)) for records in groups]
    if later_question:
        return made
    bare = []
    for number, message in enumerate(made):
        end = wire.question_end(message)
        bare.append(message if number == 0 else message[:4] + b"\0\0" + message[6:12] + message[end:].replace(
            b"\xc0\x0c", wire.name("zone.test")))
    return bare


def zone(count, size=100):
    """An AXFR in `count` messages of about `size` bytes of data each: SOA, records, SOA."""
    def text(number):
        pieces = [wire.record(b"\xc0\x0c", wire.TXT, bytes([number % 256]) * min(60000, size))]
        return pieces
    groups = [text(number) for number in range(count)]
    groups[0].insert(0, wire.soa(10))
    groups[-1].append(wire.soa(10))
    return groups


def sending(groups, **keys):
    return lambda exchange: [exchange.reply(message) for message in messages_of(exchange.message, groups, **keys)]


def transfer_query(rtype=wire.AXFR, ident=0x5AA5, serial=None, name="zone.test", additional=()):
    if serial is None:
        return wire.query(name, rtype, ident=ident, flags=0, additional=additional)
    return wire.header(0, (1, 0, 1, 0), ident) + wire.question(name, rtype) + wire.soa(serial)


def expect(client, query, groups, **keys):
    for number, wanted in enumerate(messages_of(query, groups, **keys)):
        assert client.receive() == wanted, f"message {number}"
