// SPDX-License-Identifier: MIT
#include "ini/diagnostic.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace dproxy::config;

TEST_CASE("a fault is told with its file, and its line where it has one", "[diagnostic]") {
    CHECK(Diagnostic{Severity::error, "upstream/a.prox", 12, "m"}.to_string() == "upstream/a.prox:12: m");
    CHECK(Diagnostic{Severity::warning, "DPROXY_PORT", 0, "m"}.to_string() == "DPROXY_PORT: m");
    CHECK(Diagnostic{Severity::error, "", 0, ""}.to_string() == ": ");
}

TEST_CASE("faults are the same when all of their parts are", "[diagnostic]") {
    const Diagnostic fault{Severity::error, "f", 1, "m"};
    CHECK(fault == Diagnostic{Severity::error, "f", 1, "m"});
    CHECK(fault != Diagnostic{Severity::warning, "f", 1, "m"});
    CHECK(fault != Diagnostic{Severity::error, "g", 1, "m"});
    CHECK(fault != Diagnostic{Severity::error, "f", 2, "m"});
    CHECK(fault != Diagnostic{Severity::error, "f", 1, "n"});
}

TEST_CASE("faults stand in the order of severity, file and line", "[diagnostic]") {
    Diagnostics faults{{Severity::error, "b", 1, ""}, {Severity::error, "a", 20, ""}, {Severity::error, "a", 3, ""},
                       {Severity::warning, "z", 1, ""}};
    std::sort(faults.begin(), faults.end());
    std::string order;
    for (const Diagnostic& fault : faults) order += fault.to_string();
    CHECK(order == "z:1: a:3: a:20: b:1: ");
}
