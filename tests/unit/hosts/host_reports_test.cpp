// SPDX-License-Identifier: MIT
#include "hosts/host_reports.hpp"

#include "catch.hpp"

using namespace dproxy;
using proxy::HostReport;
using proxy::HostReports;
using State = routing::HostAddresses::State;

namespace {

HostReport resolved(const std::string& host, std::uint8_t last) {
    HostReport report;
    report.host = host;
    report.state = State::resolved;
    report.addresses = {net::Address::v4(192, 0, 2, last)};
    return report;
}

}  // namespace

TEST_CASE("before a host is resolved, there is neither address nor fault", "[host_reports]") {
    HostReports reports;
    reports.watch({"a.test"});
    const HostReport report = reports.of("a.test");
    CHECK((report.host == "a.test" && report.state == State::unresolved));
    CHECK((report.addresses.empty() && report.fault.empty()));
}

TEST_CASE("what was put last is told, of one and of all in order", "[host_reports]") {
    HostReports reports;
    reports.watch({"b.test", "a.test"});
    reports.put(resolved("b.test", 1));
    reports.put(resolved("b.test", 2));
    CHECK(reports.of("b.test").addresses == std::vector{net::Address::v4(192, 0, 2, 2)});
    const auto all = reports.all();
    REQUIRE(all.size() == 2);
    CHECK((all[0].host == "a.test" && all[1].host == "b.test"));
}

TEST_CASE("those that stay keep what is known of them, others are forgotten", "[host_reports]") {
    HostReports reports;
    reports.watch({"a.test", "b.test"});
    reports.put(resolved("a.test", 1));
    reports.put(resolved("b.test", 2));
    reports.watch({"b.test"});
    CHECK(reports.all().size() == 1);
    CHECK(reports.of("b.test").state == State::resolved);
    CHECK(reports.of("a.test").addresses.empty());
}

TEST_CASE("one that is not watched says that it is one too many", "[host_reports]") {
    HostReports reports;
    reports.watch({"a.test"});
    CHECK(reports.of("z.test").host == "z.test");
    CHECK(reports.of("z.test").fault == "there are too many host names: it is not resolved");
}
