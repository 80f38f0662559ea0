// SPDX-License-Identifier: MIT
// To the byte here; tests/integration/test_dnstap.py has it read by the decoders of others.
#include "dnstap/frame.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "dns/name.hpp"

using namespace dproxy;
using Octets = std::vector<std::uint8_t>;

namespace {

constexpr std::int64_t unix_ns = 1'700'000'000'000'000'000;

void append(Octets& to, const std::string& text) { to.insert(to.end(), text.begin(), text.end()); }
void append(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }

/// `message` as the field of a Dnstap that `pod` tells, which runs `x 1`.
Octets told(const Octets& message) {
    Octets all{0x0a, 3};
    append(all, "pod");
    append(all, Octets{0x12, 3});
    append(all, "x 1");
    append(all, Octets{0x72, static_cast<std::uint8_t>(message.size())});
    append(all, message);
    append(all, Octets{0x78, 1});
    return all;
}

Octets frame_of(const dnstap::Record& record, std::int64_t offset = unix_ns) {
    dnstap::FrameForm form("pod", "x 1");
    Octets out;
    form.append(record, offset, out);
    return out;
}

}  // namespace

TEST_CASE("the query of a client over UDP", "[frame]") {
    const Octets query{1, 2, 3};
    dnstap::Record record;
    record.kind = dnstap::Kind::client_query;
    record.asking = *net::Endpoint::parse("192.0.2.7:5000", 0);
    record.asked = *net::Endpoint::parse("192.0.2.1:53", 0);
    record.asked_ns = 5;
    record.message = query;
    CHECK(frame_of(record) == told({0x08, 5, 0x10, 1, 0x18, 1, 0x22, 4, 192, 0, 2, 7, 0x30, 0x88, 0x27,
                                    0x2a, 4, 192, 0, 2, 1, 0x38, 53, 0x40, 0x80, 0xe2, 0xcf, 0xaa, 0x06,
                                    0x4d, 5, 0, 0, 0, 0x52, 3, 1, 2, 3}));
}

TEST_CASE("the response of an upstream over HTTPS, for a route", "[frame]") {
    const Octets reply{9};
    const dns::Name zone = dns::Name::parse("a.test", false).name;
    dnstap::Record record;
    record.kind = dnstap::Kind::forwarder_response;
    record.protocol = dnstap::Protocol::doh;
    record.asked = *net::Endpoint::parse("[2001:db8::1]:443", 0);
    record.asked_ns = 1'000'000'000;
    record.answered_ns = 1'000'000'256;
    record.zone = zone.wire();
    record.message = reply;
    // Our own address is not known: nothing is said of it, and the family is the other's.
    CHECK(frame_of(record, 0) == told({0x08, 8, 0x10, 2, 0x18, 4,
                                       0x2a, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
                                       0x38, 0xbb, 3, 0x40, 1, 0x4d, 0, 0, 0, 0,
                                       0x5a, 8, 1, 'a', 4, 't', 'e', 's', 't', 0,
                                       0x60, 1, 0x6d, 0, 1, 0, 0, 0x72, 1, 9}));
}

TEST_CASE("a client whose port nobody knows has an address", "[frame]") {
    dnstap::Record record;
    record.asking = *net::Endpoint::parse("192.0.2.7:0", 0);
    CHECK(frame_of(record, 0) == told({0x08, 5, 0x10, 1, 0x18, 1, 0x22, 4, 192, 0, 2, 7, 0x40, 0, 0x4d, 0, 0, 0, 0,
                                       0x52, 0}));
}

TEST_CASE("frames stand one behind the other", "[frame]") {
    dnstap::FrameForm form("pod", "x 1");
    const Octets message(300, 1);
    dnstap::Record record;
    record.message = message;
    Octets out;
    form.append(record, 0, out);
    const std::size_t one = out.size();
    form.append(record, 0, out);
    CHECK(out.size() == 2 * one);
    CHECK(Octets(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(one)) ==
          Octets(out.begin() + static_cast<std::ptrdiff_t>(one), out.end()));
}

TEST_CASE("no time is before 1970, whatever the clock says", "[frame]") {
    dnstap::Record record;
    record.asked_ns = 5;
    const Octets frame = frame_of(record, -1'000);
    CHECK(frame == frame_of(dnstap::Record(), 0));
}
