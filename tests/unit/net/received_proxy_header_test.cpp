// SPDX-License-Identifier: MIT
#include "net/received_proxy_header.hpp"

#include <string>
#include <utility>

#include "catch.hpp"
#include "net/proxy_header.hpp"
#include "support/packets.hpp"

using namespace dproxy;
using net::Endpoint;
using net::ProxyHeaderReader;
using test::Octets;
using State = net::ProxyHeaderReader::State;

namespace {

constexpr unsigned proxy = 0x21, local = 0x20;

Octets octets(std::string_view text) { return Octets(text.begin(), text.end()); }

/// A header of version 2 with what it says of the length of its rest.
Octets header(unsigned command, unsigned family, const Octets& rest, int length = -1) {
    Octets all(net::proxy_signature.begin(), net::proxy_signature.end());
    all += {static_cast<std::uint8_t>(command), static_cast<std::uint8_t>(family)};
    all += test::u16(length < 0 ? static_cast<unsigned>(rest.size()) : static_cast<unsigned>(length));
    return all += rest;
}

const Octets v4_ends = {192, 0, 2, 1, 127, 0, 0, 2, 0x30, 0x39, 0, 53};

struct Read {
    State state = State::incomplete;
    std::size_t length = 0;
    std::string ends;  ///< `source destination`, or `own`

    bool operator==(const Read&) const = default;
};

std::string text_of(const std::optional<net::ProxiedEnds>& ends) {
    return ends ? ends->source.to_string() + " " + ends->destination.to_string() : "own";
}

Read read(const Octets& bytes, std::size_t chunk) {
    ProxyHeaderReader reader;
    std::size_t at = 0;
    while (at != bytes.size() && reader.state() == State::incomplete) {
        const std::size_t count = std::min(chunk, bytes.size() - at);
        const std::size_t most = reader.most_wanted();
        const std::size_t taken = reader.take({bytes.data() + at, count});
        CHECK(taken <= most);
        at += taken;
    }
    CHECK((reader.state() == State::malformed || reader.length() == at));
    return {reader.state(), reader.length(), text_of(reader.ends())};
}

/// Whole, and byte by byte: the same.
Read read(const Octets& bytes) {
    const Read whole = read(bytes, bytes.size() + 1);
    const Read pieces = read(bytes, 1);
    CHECK(pieces.state == whole.state);
    CHECK(pieces.ends == whole.ends);
    if (whole.state == State::complete) CHECK(pieces == whole);
    return whole;
}

void check_complete(const Octets& bytes, const std::string& ends, std::size_t behind = 0) {
    const Read found = read(bytes);
    CHECK(found.state == State::complete);
    CHECK(found.ends == ends);
    CHECK(found.length == bytes.size() - behind);
}

std::string datagram(const Octets& bytes) {
    const auto found = net::read_datagram_proxy_header(bytes);
    return found ? std::to_string(found->length) + " " + text_of(found->ends) : "malformed";
}

}  // namespace

TEST_CASE("what dproxy writes towards upstreams it reads from clients", "[received_proxy_header]") {
    for (const auto& [source, destination] : {std::pair{"192.0.2.1:12345", "127.0.0.2:53"},
                                              std::pair{"[2001:db8::7]:65534", "[::1]:853"}}) {
        for (const auto transport : {net::ProxyTransport::stream, net::ProxyTransport::datagram}) {
            std::array<std::uint8_t, net::proxy_header_capacity> out{};
            const auto from = *Endpoint::parse(source, 0), to = *Endpoint::parse(destination, 0);
            const auto length = net::write_proxy_header(net::ProxyCommand::proxy, transport, from, to, out);
            check_complete(Octets(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(length)),
                           std::string(source) + " " + destination);
        }
    }
}

TEST_CASE("what is behind the header is the connection's", "[received_proxy_header]") {
    check_complete(header(proxy, 0x11, v4_ends) + octets("abc"), "192.0.2.1:12345 127.0.0.2:53", 3);
    check_complete(octets("PROXY TCP4 192.0.2.1 127.0.0.2 1 2\r\nabc"), "192.0.2.1:1 127.0.0.2:2", 3);
    ProxyHeaderReader reader;
    reader.take(header(proxy, 0x11, v4_ends));
    CHECK(reader.take(octets("more")) == 0);
}

TEST_CASE("TLVs are skipped, to the longest", "[received_proxy_header]") {
    const Octets some = {0x04, 0, 2, 1, 2};
    check_complete(header(proxy, 0x11, v4_ends + some), "192.0.2.1:12345 127.0.0.2:53");
    check_complete(header(proxy, 0x11, v4_ends + Octets(65535 - 12, 0xee)), "192.0.2.1:12345 127.0.0.2:53");
    CHECK(read(header(proxy, 0x11, v4_ends, 65535)).state == State::incomplete);
}

TEST_CASE("so much may come yet", "[received_proxy_header]") {
    ProxyHeaderReader reader;
    CHECK(reader.most_wanted() == net::longest_proxy_header);
    reader.take(header(proxy, 0x11, {}, 20));
    CHECK(reader.state() == State::incomplete);
    CHECK(reader.most_wanted() == 20);
    ProxyHeaderReader line;
    line.take(octets("P"));
    CHECK(line.most_wanted() == net::proxy_line_capacity - 1);
}

TEST_CASE("a mapped address is the IPv4 one", "[received_proxy_header]") {
    const Octets mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
    check_complete(header(proxy, 0x21, mapped + mapped + Octets{0, 1, 0, 2}), "192.0.2.7:1 192.0.2.7:2");
    check_complete(octets("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"), "192.0.2.7:1 [::1]:2");
}

TEST_CASE("where no address is named the connection's own holds", "[received_proxy_header]") {
    check_complete(header(local, 0x00, {}), "own");
    check_complete(header(local, 0xff, {}), "own");  // its family is not looked at
    check_complete(header(local, 0x11, v4_ends), "own");
    check_complete(header(proxy, 0x00, {}), "own");
    check_complete(header(proxy, 0x00, {1, 2, 3}), "own");
    check_complete(header(proxy, 0x31, Octets(216, 'x')), "own");
    check_complete(header(proxy, 0x10, v4_ends), "own");
    check_complete(octets("PROXY UNKNOWN\r\n"), "own");
    check_complete(octets("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), "own");
}

TEST_CASE("a family without room for its addresses is malformed", "[received_proxy_header]") {
    for (const std::size_t length : {0u, 1u, 11u}) {
        CHECK(read(header(proxy, 0x11, v4_ends.first(length))).state == State::malformed);
        CHECK(read(header(proxy, 0x12, v4_ends.first(length))).state == State::malformed);
    }
    // 28 bytes in all, and IPv6 claimed
    CHECK(read(header(proxy, 0x21, v4_ends)).state == State::malformed);
    CHECK(read(header(proxy, 0x21, Octets(35, 0))).state == State::malformed);
}

TEST_CASE("what is no header is malformed", "[received_proxy_header]") {
    for (const Octets& bytes :
         {octets("GET / HTTP/1.1\r\n"), octets("PRI * HTTP/2.0\r\n"), octets("PROXX"), Octets{0, 29},
          Octets{0x16, 3, 1}, octets("\r\n\r\nPROXY"), header(0x11, 0x11, v4_ends), header(0x31, 0x11, v4_ends),
          header(0x22, 0x11, v4_ends), header(proxy, 0x41, v4_ends), header(proxy, 0x13, v4_ends)}) {
        CHECK(read(bytes).state == State::malformed);
    }
}

TEST_CASE("lines that are malformed", "[received_proxy_header]") {
    for (const char* line : {
             "PROXY \r\n", "PROXY\r\n", "PROXY TCP4\r\n", "PROXY TCP5 192.0.2.1 127.0.0.2 1 2\r\n",
             "PROXY tcp4 192.0.2.1 127.0.0.2 1 2\r\n", "PROXY TCP4 192.0.2.1 127.0.0.2 1\r\n",
             "PROXY TCP4 192.0.2.1 127.0.0.2 1 2 3\r\n", "PROXY TCP4  192.0.2.1 127.0.0.2 1 2\r\n",
             "PROXY TCP4 192.0.2.1 127.0.0.2 1 2 \r\n", "PROXY TCP4 192.0.2.1 127.0.0.2 01 2\r\n",
             "PROXY TCP4 192.0.2.1 127.0.0.2 1 65536\r\n", "PROXY TCP4 192.0.2.1 127.0.0.2 -1 2\r\n",
             "PROXY TCP4 192.0.2.1 127.0.0.2 1 2\n", "PROXY TCP4 192.0.2.1 127.0.0.2 1 2\rx",
             "PROXY TCP4 ::1 127.0.0.2 1 2\r\n", "PROXY TCP6 192.0.2.1 ::1 1 2\r\n", "PROXY TCP6 fe80::1%2 ::1 1 2\r\n",
             "PROXY TCP4 192.0.2.256 127.0.0.2 1 2\r\n", "PROXY TCP4 192.0.2.1 127.0.0.2  2\r\n",
         }) {
        INFO(line);
        CHECK(read(octets(line)).state == State::malformed);
    }
    CHECK(read(octets("PROXY TCP4") + Octets{0}).state == State::malformed);
}

TEST_CASE("a line has 107 bytes at most", "[received_proxy_header]") {
    const auto line = [](std::size_t length) {
        std::string text = "PROXY UNKNOWN ";
        text.resize(length - 2, 'x');
        return octets(text + "\r\n");
    };
    check_complete(line(107), "own");
    CHECK(read(line(108)).state == State::malformed);
    CHECK(read(octets("PROXY UNKNOWN " + std::string(92, 'x'))).state == State::incomplete);
    CHECK(read(octets("PROXY UNKNOWN " + std::string(93, 'x'))).state == State::malformed);
}

TEST_CASE("in a datagram the header is whole, and of version 2", "[received_proxy_header]") {
    const Octets whole = header(proxy, 0x12, v4_ends + Octets{4, 0, 1, 9});
    CHECK(datagram(whole + octets("message")) == "32 192.0.2.1:12345 127.0.0.2:53");
    CHECK(datagram(whole) == "32 192.0.2.1:12345 127.0.0.2:53");
    CHECK(datagram(header(local, 0, {}) + octets("message")) == "16 own");
    for (std::size_t length = 0; length < whole.size(); ++length) CHECK(datagram(whole.first(length)) == "malformed");
    CHECK(datagram(octets("PROXY TCP4 192.0.2.1 127.0.0.2 1 2\r\nmessage")) == "malformed");
    CHECK(datagram(header(proxy, 0x12, v4_ends, 65535)) == "malformed");
}
