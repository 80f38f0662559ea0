// SPDX-License-Identifier: MIT
#include "query_log/record.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "dns/name.hpp"

using namespace dproxy;
using query_log::Record;

namespace {

std::vector<std::uint8_t> written(const Record& record) {
    std::vector<std::uint8_t> bytes(query_log::bytes_of(record), 0xee);
    query_log::write(record, bytes);
    return bytes;
}

}  // namespace

TEST_CASE("a record that says all is read as it was written", "[record]") {
    const dns::Name name = dns::Name::parse("www.example.com", false).name;
    Record record;
    record.asked_ns = 1'000;
    record.answered_ns = 0xffff'ffff'ffff;
    record.client = *net::Endpoint::parse("[2001:db8::7]:4242", 0);
    record.transport = telemetry::Transport::https;
    record.has_question = true;
    record.type = 65280;
    record.name = name.wire();
    record.route = ".example.com";
    record.upstream = *net::Endpoint::parse("[fe80::1%eth0]:5300", 0);
    record.attempts = 5;
    record.rcode = 4095;
    record.error = 65535;
    record.bytes = 65535;
    record.source = telemetry::Source::stale;

    const auto bytes = written(record);
    const Record read = query_log::read(bytes);
    CHECK(read.asked_ns == record.asked_ns);
    CHECK(read.answered_ns == record.answered_ns);
    CHECK(read.client == record.client);
    CHECK(read.transport == record.transport);
    CHECK(read.has_question);
    CHECK(read.type == record.type);
    CHECK(dns::name_to_text(read.name) == "www.example.com");
    CHECK(read.route == record.route);
    CHECK(read.upstream == record.upstream);
    CHECK(read.attempts == record.attempts);
    CHECK(read.rcode == record.rcode);
    CHECK(read.error == record.error);
    CHECK(read.bytes == record.bytes);
    CHECK(read.source == record.source);
}

TEST_CASE("what a record does not say it does not say when it is read", "[record]") {
    const auto bytes = written(Record());
    const Record read = query_log::read(bytes);
    CHECK_FALSE(read.has_question);
    CHECK(read.name.empty());
    CHECK(read.route.empty());
    CHECK_FALSE(read.upstream);
    CHECK_FALSE(read.error);
}

TEST_CASE("error 0 is an error: Other", "[record]") {
    Record record;
    record.error = 0;
    const auto bytes = written(record);
    CHECK(query_log::read(bytes).error == 0);
}

TEST_CASE("the longest name beside the longest route", "[record]") {
    const std::string label(63, 'x');
    const dns::Name name = dns::Name::parse(label + '.' + label + '.' + label + '.' + std::string(61, 'y'), false).name;
    REQUIRE(name.wire().size() == dns::max_name_length);
    const std::string route(255, 'r');
    Record record;
    record.has_question = true;
    record.name = name.wire();
    record.route = route;
    const auto bytes = written(record);
    const Record read = query_log::read(bytes);
    CHECK(std::vector(read.name.begin(), read.name.end()) == std::vector(name.wire().begin(), name.wire().end()));
    CHECK(read.route == route);
}
