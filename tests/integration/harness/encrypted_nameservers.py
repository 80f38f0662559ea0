# SPDX-License-Identifier: MIT
"""Nameservers of others that are asked encrypted, each with a zone of its own, and what a program in front of one has
to hold whatever the transport."""
from . import wire
from .nameservers import BIG, Nameserver, unbound
from .ports import free_port


def before_an_unbound(configure):
    """Those that have no zone of their own: `configure(directory, port, behind)`."""
    def make(directory, zone, port):
        make.behind = Nameserver(unbound, directory / "behind", zone)
        return configure(directory, port, make.behind)
    return make


def dnsdist(listen):
    """In front of an unbound; `listen` is the line for what is encrypted."""
    return before_an_unbound(lambda directory, port, behind: (f"""
setLocal("127.0.0.1:{port}")
{listen}
setSecurityPollSuffix("")
newServer({{address="{behind}"}})
getServer(0):setUp()
setACL({{"127.0.0.0/8"}})
""", ["dnsdist", "--supervised", "--disable-syslog", "-C", f"{directory}/config"]))


class EncryptedServer:
    """`make(pair, port)`: how it is set up to answer with this certificate on this port. `plain`: the same in clear."""

    def __init__(self, world, certificates, which, make):
        self.pair, self.port, self.zone = certificates.issue(which), free_port(), f"{which}.test"
        made = make(self.pair, self.port)
        self.plain = Nameserver(made, world.directory / which, self.zone)
        if hasattr(made, "behind"):
            world.at_end(made.behind.stop)
        world.at_end(self.plain.stop)

    def __str__(self):
        return f"127.0.0.1:{self.port}"


def expect_answers(proxy, server, transport):
    for number in range(200):
        reply = proxy.ask(transport, wire.query(f"host{number}.{server.zone}", additional=[wire.opt()]))
        assert wire.rcode_of(reply) == wire.NOERROR
        assert [data for section, rtype, _, _, data, _ in wire.records(reply) if section == 1 and rtype == wire.A] == [
            bytes([10, 0, number // 256, number % 256])]
    assert wire.rcode_of(proxy.ask(transport, f"nothing.{server.zone}")) == wire.NXDOMAIN


def expect_large_answers(proxy, server):
    reply = proxy.ask("tcp", wire.query(f"big.{server.zone}", wire.TXT))
    assert wire.counts_of(reply)[1] == BIG
    cut = proxy.ask("udp", wire.query(f"big.{server.zone}", wire.TXT))
    assert wire.flags_of(cut) & wire.TC


def expect_many_at_a_time(proxy, server):
    with proxy.client("tcp") as one:
        for number in range(100):
            one.send(wire.query(f"host{number}.{server.zone}", ident=number))
        replies = [one.receive() for _ in range(100)]
    assert sorted(wire.ident_of(reply) for reply in replies) == list(range(100))
    assert {wire.rcode_of(reply) for reply in replies} == {wire.NOERROR}
