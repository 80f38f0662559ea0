// SPDX-License-Identifier: MIT
#include "import/unbound_local.hpp"

#include "catch.hpp"
#include "drafted.hpp"

namespace {

using namespace dproxy;
using foreign::Draft;

struct Local {
    Draft draft{"f"};
    foreign::UnboundLocal local;
    std::uint32_t line = 0;
    Local& zone(std::string_view name, std::string_view type) {
        local.add_zone(++line, name, type, draft);
        return *this;
    }
    Local& data(std::string_view record) {
        local.add_data(++line, record, draft);
        return *this;
    }
    std::string sections() {
        local.write({}, draft);
        return test::sections_of(draft);
    }
    std::string told() { return test::told_of(draft); }
};

}  // namespace

TEST_CASE("unbound: types of local zones", "[import]") {
    for (const auto& [type, answer] : std::vector<std::pair<std::string, std::string>>{
             {"deny", "drop"}, {"inform_deny", "drop"}, {"always_deny", "drop"}, {"refuse", "refused"},
             {"always_refuse", "refused"}, {"static", "nxdomain"}, {"always_nxdomain", "nxdomain"},
             {"always_nodata", "nodata"}, {"always_null", "0.0.0.0,:: ttl=3600s"}}) {
        INFO(type);
        CHECK(Local().zone("A.test.", type).sections() == "1 .a.test: answer=" + answer + "\n");
    }
    for (const auto* type : {"transparent", "typetransparent", "always_transparent", "nodefault"}) {
        CHECK(Local().zone("a.test", type).sections() == "");
    }
    Local unknown;
    CHECK(unknown.zone("a.test", "ipset").sections() == "");
    CHECK(test::lines_of(unknown.told()) == "1");
    Local twice;
    CHECK(twice.zone("a.test", "refuse").zone("a.test.", "deny").sections() == "1 .a.test: answer=refused\n");
    CHECK(twice.told() == "2: the `local-zone` `a.test.` comes from line 1 already\n");
}

TEST_CASE("unbound: local data", "[import]") {
    CHECK(Local().data("a.test. IN A 192.0.2.1").data("a.test AAAA 2001:db8::1").sections() ==
          "1 a.test: answer=192.0.2.1,2001:db8::1 ttl=3600s\n");
    CHECK(Local().data("a.test 60 IN A 192.0.2.1").sections() == "1 a.test: answer=192.0.2.1 ttl=60s\n");
    CHECK(Local().data("a.test IN 60 A 192.0.2.1").sections() == "1 a.test: answer=192.0.2.1 ttl=60s\n");
    Local bad;
    bad.data("a.test MX 10 b.test").data("a.test AAAA 192.0.2.1").data("").data("*.a.test A 192.0.2.1");
    CHECK(bad.sections() == "");
    CHECK(test::lines_of(bad.told()) == "1 2 3 4");
}

TEST_CASE("unbound: local data within a local zone", "[import]") {
    CHECK(Local().zone("test", "static").data("a.test A 192.0.2.1").sections() ==
          "1 .test: answer=nxdomain\n2 a.test: answer=192.0.2.1 ttl=3600s\n");
    // Other types are treated as other names of the zone are.
    CHECK(Local().zone("test", "refuse").data("a.test A 192.0.2.1").sections() ==
          "1 .test: answer=refused\n2 a.test: answer=192.0.2.1 ttl=3600s types=A\n");
    CHECK(Local().zone("test", "typetransparent").data("a.test A 192.0.2.1").sections() ==
          "2 a.test: answer=192.0.2.1 ttl=3600s types=A\n");
    CHECK(Local().zone("test", "always_nxdomain").data("a.test A 192.0.2.1").sections() ==
          "1 .test: answer=nxdomain\n");
    CHECK(Local().zone("a.test", "redirect").data("a.test A 192.0.2.1").sections() ==
          "1 .a.test: answer=192.0.2.1 ttl=3600s\n");
    Local nothing;
    CHECK(nothing.zone("a.test", "redirect").data("x.a.test A 192.0.2.1").sections() == "");
    CHECK(test::lines_of(nothing.told()) == "1 2");
}
