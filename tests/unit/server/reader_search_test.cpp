// SPDX-License-Identifier: MIT
#include "server/reader_search.hpp"

#include <vector>

#include "catch.hpp"

using namespace dproxy;
using server::ReaderSearch;

namespace {

constexpr std::uint16_t port = 6000;

ReaderSearch by_name() { return ReaderSearch({.host = "reader.test", .endpoint = {{}, port}}); }

proxy::HostReport known(const std::vector<std::string>& addresses) {
    proxy::HostReport report;
    report.host = "reader.test";
    for (const std::string& address : addresses) report.addresses.push_back(*net::Address::parse(address));
    return report;
}

io::ReaderAddress place(const std::string& address) { return {.endpoint = {*net::Address::parse(address), port}}; }

std::string next(ReaderSearch& search) {
    const auto found = search.next();
    return found ? found->to_string() : "none";
}

}  // namespace

TEST_CASE("a reader whose place is written is looked for there", "[reader_search]") {
    for (const io::ReaderAddress& reader : {io::ReaderAddress{.path = "/run/dnstap.sock"}, place("192.0.2.1")}) {
        ReaderSearch search(reader);
        for (int turn = 0; turn < 2; ++turn) CHECK(next(search) == reader.to_string());
        CHECK(search.is_through());
        CHECK(search.fault().empty());
        CHECK(search.leads_to(reader));
    }
}

TEST_CASE("the addresses of a name have their turns, and the next search goes on behind the last", "[reader_search]") {
    ReaderSearch search = by_name();
    search.learn(known({"192.0.2.1", "192.0.2.2", "::1"}));
    CHECK(next(search) == "tcp:192.0.2.1:6000");
    CHECK(next(search) == "tcp:192.0.2.2:6000");
    CHECK_FALSE(search.is_through());
    CHECK(next(search) == "tcp:[::1]:6000");
    CHECK(search.is_through());
    search.begin_again();
    CHECK_FALSE(search.is_through());
    CHECK(next(search) == "tcp:192.0.2.1:6000");
    search.begin_again();
    CHECK(next(search) == "tcp:192.0.2.2:6000");
}

TEST_CASE("where the last address is gone, the first is the next, and a search ends", "[reader_search]") {
    ReaderSearch search = by_name();
    search.learn(known({"192.0.2.1", "192.0.2.2"}));
    CHECK(next(search) == "tcp:192.0.2.1:6000");
    search.learn(known({"192.0.2.3", "192.0.2.4"}));
    CHECK(next(search) == "tcp:192.0.2.3:6000");
    CHECK(search.is_through());
}

TEST_CASE("without an address there is no place, and why is known once it was asked for", "[reader_search]") {
    ReaderSearch search = by_name();
    search.learn(known({}));
    CHECK(next(search) == "none");
    CHECK(search.fault().empty());
    auto absent = known({});
    absent.fault = "the nameservers know no address of it";
    search.learn(absent);
    CHECK(next(search) == "none");
    CHECK(search.fault() == absent.fault);
    search.learn(known({"192.0.2.1"}));
    CHECK(next(search) == "tcp:192.0.2.1:6000");
}

TEST_CASE("a place counts for as long as the name leads to it", "[reader_search]") {
    ReaderSearch search = by_name();
    search.learn(known({"192.0.2.1", "192.0.2.2"}));
    CHECK(search.leads_to(place("192.0.2.2")));
    search.learn(known({"192.0.2.1", "192.0.2.3"}));
    CHECK(search.leads_to(place("192.0.2.1")));
    CHECK_FALSE(search.leads_to(place("192.0.2.2")));
}
