// SPDX-License-Identifier: MIT
#include "query_log/line.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "dns/name.hpp"
#include "query_log/limits.hpp"
#include "telemetry/printable.hpp"

using namespace dproxy;
using query_log::Record;
using telemetry::LogFormat;

namespace {

const std::chrono::system_clock::time_point moment{std::chrono::milliseconds(1'795'838'706'123)};

/// A name on the wire of these labels.
std::vector<std::uint8_t> wire(const std::vector<std::string>& labels) {
    std::vector<std::uint8_t> bytes;
    for (const std::string& label : labels) {
        bytes.push_back(static_cast<std::uint8_t>(label.size()));
        bytes.insert(bytes.end(), label.begin(), label.end());
    }
    bytes.push_back(0);
    return bytes;
}

Record usual(const std::vector<std::uint8_t>& name) {
    Record record;
    record.asked_ns = 1'000'000;
    record.answered_ns = 1'412'400;
    record.client = *net::Endpoint::parse("192.0.2.7:4242", 0);
    record.has_question = true;
    record.type = 1;
    record.name = name;
    record.route = ".example.com";
    record.upstream = *net::Endpoint::parse("10.0.0.53:53", 0);
    record.attempts = 1;
    record.bytes = 61;
    return record;
}

std::string text(const Record& record) { return query_log::line_of(record, moment, LogFormat::text); }
std::string json(const Record& record) { return query_log::line_of(record, moment, LogFormat::json); }

bool has(const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a line says who asked what, who answered what, and how long it took", "[line]") {
    const auto name = wire({"WWW", "example", "com"});
    CHECK(text(usual(name)) ==
          "2026-11-28T04:05:06.123Z info query client=192.0.2.7 transport=udp name=WWW.example.com type=A "
          "route=.example.com upstream=10.0.0.53:53 attempts=1 taken_ms=0.412 rcode=NOERROR bytes=61 "
          "source=upstream\n");
    CHECK(json(usual(name)) ==
          R"({"time":"2026-11-28T04:05:06.123Z","level":"info","message":"query","client":"192.0.2.7",)"
          R"("transport":"udp","name":"WWW.example.com","type":"A","route":".example.com","upstream":"10.0.0.53:53",)"
          R"("attempts":1,"taken_ms":0.412,"rcode":"NOERROR","bytes":61,"source":"upstream"})"
          "\n");
}

TEST_CASE("what has nothing to say is left out", "[line]") {
    Record record;
    record.client = *net::Endpoint::parse("[2001:db8::7]:4242", 0);
    record.transport = telemetry::Transport::tls;
    record.rcode = 1;
    record.route = "(none)";
    record.source = telemetry::Source::local;
    CHECK(text(record) ==
          "2026-11-28T04:05:06.123Z info query client=2001:db8::7 transport=tls route=(none) attempts=0 taken_ms=0 "
          "rcode=FORMERR bytes=0 source=local\n");
}

TEST_CASE("rcodes above 15, types without a name, an Extended DNS Error", "[line]") {
    const auto name = wire({});
    Record record = usual(name);
    record.type = 65280;
    record.error = 22;
    record.rcode = 2;
    CHECK(has(text(record), " name=. type=TYPE65280 "));
    CHECK(has(text(record), " rcode=SERVFAIL "));
    CHECK(has(text(record), " source=upstream ede=22\n"));
    CHECK(has(json(record), R"("source":"upstream","ede":22})"));
    const std::vector<std::pair<std::uint16_t, std::string>> words{
        {5, "REFUSED"}, {13, "RCODE13"}, {16, "BADVERS"}, {17, "RCODE17"}, {23, "BADCOOKIE"}, {4095, "RCODE4095"}};
    for (const auto& [rcode, word] : words) {
        record.rcode = rcode;
        CHECK(has(text(record), " rcode=" + word + " "));
    }
}

TEST_CASE("whatever a client asks for stays on its line, and is no terminal escape", "[line]") {
    const std::vector<std::vector<std::string>> hostile{
        {"a\nb", "test"},          {"\x1b[31m", "test"},       {"a b=c", "test"},
        {R"(a"b\c)", "test"},      {"a.b", "test"},            {std::string("\0\x7f\xff", 3), "test"},
        {"\xe2\x80\xae", "test"},  {R"(","rcode":"NOERROR)"},  {"x rcode=NOERROR", "test"}};
    for (const auto& labels : hostile) {
        const auto name = wire(labels);
        for (const std::string& line : {text(usual(name)), json(usual(name))}) {
            INFO(line);
            CHECK(std::count(line.begin(), line.end(), '\n') == 1);
            CHECK(line.back() == '\n');
            const std::string body = line.substr(0, line.size() - 1);
            CHECK(telemetry::printable(body) == body);
            CHECK(has(line, line.front() == '{' ? R"("rcode":"NOERROR","bytes":61)" : " rcode=NOERROR bytes=61"));
        }
    }
    CHECK(has(text(usual(wire({"a b", "c=d"}))), R"( name="a\\032b.c=d" )"));
    CHECK(has(json(usual(wire({"a\"b"}))), R"("name":"a\\\"b")"));
}

TEST_CASE("the longest line there is, of a pipe's piece", "[line]") {
    const std::string escaped(63, '\xff');
    const auto name = wire({escaped, escaped, escaped, std::string(61, '\xff')});
    Record record = usual(name);
    const std::string route(query_log::max_route_bytes, '\\');
    record.route = route;
    record.client = *net::Endpoint::parse("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 0);
    record.upstream = record.client;
    record.error = 65535;
    record.rcode = 4095;
    record.asked_ns = 0;
    record.answered_ns = ~std::uint64_t{0} / 4;
    for (const std::string& line : {text(record), json(record)}) {
        CHECK(line.size() < query_log::max_line_bytes);
        CHECK(has(line, "65535"));
        CHECK(has(line, line.front() == '{' ? R"("ede":65535})" : " ede=65535\n"));
    }
}
