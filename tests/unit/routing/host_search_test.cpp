// SPDX-License-Identifier: MIT
#include "routing/host_search.hpp"

#include "catch.hpp"

using namespace dproxy;

namespace {

std::string names(std::string_view host, std::vector<std::string> search, unsigned ndots) {
    routing::ResolverSettings settings;
    settings.search = std::move(search);
    settings.ndots = ndots;
    std::string text;
    for (const dns::Name& name : routing::host_candidates(host, settings)) text += name.to_text() + " ";
    return text;
}

const std::vector<std::string> pod{"cryo.svc.cluster.local", "svc.cluster.local", "cluster.local"};

}  // namespace

TEST_CASE("a name of a cluster is asked for as in a pod", "[host_search]") {
    CHECK(names("ns", pod, 5) == "ns.cryo.svc.cluster.local ns.svc.cluster.local ns.cluster.local ns ");
    CHECK(names("ns.cryo", pod, 5) ==
          "ns.cryo.cryo.svc.cluster.local ns.cryo.svc.cluster.local ns.cryo.cluster.local ns.cryo ");
    CHECK(names("ns.cryo.svc.cluster.local", pod, 5) ==
          "ns.cryo.svc.cluster.local.cryo.svc.cluster.local ns.cryo.svc.cluster.local.svc.cluster.local "
          "ns.cryo.svc.cluster.local.cluster.local ns.cryo.svc.cluster.local ");
}

TEST_CASE("a name with as many dots as ndots is asked for as it is first", "[host_search]") {
    CHECK(names("ns.example.com", {"corp.test"}, 1) == "ns.example.com ns.example.com.corp.test ");
    CHECK(names("ns.example", {"corp.test"}, 2) == "ns.example.corp.test ns.example ");
    CHECK(names("ns", {"corp.test"}, 0) == "ns ns.corp.test ");
    CHECK(names("ns", {}, 5) == "ns ");
}

TEST_CASE("a trailing dot asks for the name as it is", "[host_search]") {
    CHECK(names("ns.cryo.svc.cluster.local.", pod, 5) == "ns.cryo.svc.cluster.local ");
    CHECK(names("ns.", pod, 5) == "ns ");
}

TEST_CASE("domains that make no name are passed over", "[host_search]") {
    CHECK(names("ns", {".", "a..b", "good.test", std::string(70, 'x')}, 1) == "ns.good.test ns ");
    const std::string label(60, 'x');
    CHECK(names("ns", {label + "." + label + "." + label + "." + label + "." + label}, 1) == "ns ");
    CHECK(names("NS.Example", {"Corp.Test."}, 2) == "ns.example.corp.test ns.example ");
}

TEST_CASE("localhost is known", "[host_search]") {
    for (const char* host : {"localhost", "localhost.", "a.localhost", "a.b.localhost."}) {
        CHECK(routing::is_localhost(host));
    }
    for (const char* host : {"localhost.test", "mylocalhost", "ns.test"}) CHECK_FALSE(routing::is_localhost(host));
}

TEST_CASE("a long search list is cut", "[host_search]") {
    routing::ResolverSettings settings;
    settings.search.assign(1000, "corp.test");
    CHECK(routing::host_candidates("ns", settings).size() == routing::max_search_domains + 1);
}

TEST_CASE("with no-tld-query a name without a dot is asked for below the domains alone", "[host_search]") {
    routing::ResolverSettings settings;
    settings.no_tld_query = true;
    settings.search = {"corp.test"};
    const auto candidates = [&](std::string_view host) { return routing::host_candidates(host, settings).size(); };
    CHECK(candidates("ns") == 1);
    CHECK(candidates("ns.example") == 2);
    settings.search = {};
    CHECK(candidates("ns") == 1);
}
