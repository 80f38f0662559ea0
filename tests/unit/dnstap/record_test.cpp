// SPDX-License-Identifier: MIT
#include "dnstap/record.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "dns/name.hpp"
#include "dnstap/limits.hpp"

using namespace dproxy;
using dnstap::Record;

namespace {

std::vector<std::uint8_t> written(const Record& record) {
    std::vector<std::uint8_t> bytes(dnstap::bytes_of(record), 0xee);
    dnstap::write(record, bytes);
    return bytes;
}

}  // namespace

TEST_CASE("a record that says all is read as it was written", "[record]") {
    const dns::Name zone = dns::Name::parse("example.com", false).name;
    const std::vector<std::uint8_t> message(65535, 0x42);
    Record record;
    record.kind = dnstap::Kind::forwarder_response;
    record.protocol = dnstap::Protocol::doh;
    record.asking = *net::Endpoint::parse("[2001:db8::7]:4242", 0);
    record.asked = *net::Endpoint::parse("192.0.2.1:53", 0);
    record.asked_ns = 1'000;
    record.answered_ns = 0xffff'ffff'ffff;
    record.zone = zone.wire();
    record.message = message;

    const auto bytes = written(record);
    const Record read = dnstap::read(bytes);
    CHECK(read.kind == record.kind);
    CHECK(read.protocol == record.protocol);
    CHECK(read.asking == record.asking);
    CHECK(read.asked == record.asked);
    CHECK(read.asked_ns == record.asked_ns);
    CHECK(read.answered_ns == record.answered_ns);
    CHECK(dns::name_to_text(read.zone) == "example.com");
    CHECK(std::equal(read.message.begin(), read.message.end(), message.begin(), message.end()));
}

TEST_CASE("what a record does not say it does not say when it is read", "[record]") {
    const auto bytes = written(Record());
    const Record read = dnstap::read(bytes);
    CHECK(read.zone.empty());
    CHECK(read.message.empty());
    CHECK(read.asking == net::Endpoint());
}

TEST_CASE("queries and responses are told apart", "[record]") {
    Record record;
    for (const auto kind : {dnstap::Kind::client_query, dnstap::Kind::forwarder_query}) {
        record.kind = kind;
        CHECK_FALSE(record.is_response());
    }
    for (const auto kind : {dnstap::Kind::client_response, dnstap::Kind::forwarder_response}) {
        record.kind = kind;
        CHECK(record.is_response());
    }
}
