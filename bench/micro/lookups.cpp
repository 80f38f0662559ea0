// SPDX-License-Identifier: MIT
// lookups ... LOOKUPS: looks a name up so many times, and does little else, for bench/lookups to count instructions.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "routing/route_table.hpp"

namespace {

using namespace dproxy;

using Audiences = std::vector<routing::Audience>;

/// A section for each of them and each of the names.
std::shared_ptr<const routing::RouteTable> table_of(const Audiences& audiences,
                                                    const std::vector<std::string>& names) {
    routing::RouteFileBuilder builder("some.prox");
    std::uint32_t line = 0;
    for (const std::string& name : names) {
        for (const routing::Audience& audience : audiences) {
            auto settings = std::make_shared<routing::RouteSettings>();
            settings->audience = audience;
            ++line;
            builder.begin_section(line, name + " " + std::to_string(line), settings);
            builder.add_pattern(routing::PatternKind::both, dns::Name::parse(name, true).name);
        }
    }
    const net::KeyedHash always_the_same({0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0});  // of pi
    return routing::RouteTable::build({builder.finish()}, always_the_same).table;
}

net::Network network(std::size_t number, bool v4) {
    const auto byte = [number](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
    if (v4) return {net::Address::v4(static_cast<std::uint8_t>(1 + byte(16)), byte(8), byte(0), 0), 96 + 24};
    net::Network network;
    network.base.bytes = {0x20, 0x01, 0x0d, 0xb8, byte(16), byte(8), byte(0)};
    network.prefix = 56;
    return network;
}

/// `offices`: a section for each network; `networks`: one for all of them; `types`: one for each of so many types.
Audiences audiences_of(std::string_view kind, const std::vector<net::Network>& networks) {
    Audiences audiences{{}};
    if (kind == "networks") audiences.push_back({networks, {}});
    for (std::size_t i = 0; i < networks.size() && kind == "offices"; ++i) audiences.push_back({{networks[i]}, {}});
    for (std::size_t i = 0; i < networks.size() && kind == "types"; ++i) {
        audiences.push_back({{}, {static_cast<std::uint16_t>(28 + i)}});
    }
    return audiences;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 6) {
        std::fprintf(stderr, "usage: lookups offices|networks|types COUNT v4|v6 NAMES LOOKUPS\n");
        return 2;
    }
    const auto number = [arguments](int at) { return std::strtoul(arguments[at], nullptr, 10); };
    const bool v4 = std::string_view(arguments[3]) == "v4";
    std::vector<net::Network> networks;
    while (networks.size() < number(2)) networks.push_back(network(1 + networks.size() * 37, v4));
    std::vector<net::Address> clients(64);
    for (std::size_t i = 0; i < clients.size() && !networks.empty(); ++i) {
        clients[i] = networks[i * 7919 % networks.size()].base;
        clients[i].bytes[15] = 7;
    }
    std::vector<std::string> names{"split.test"};
    while (names.size() < number(4)) names.push_back(std::to_string(names.size()) + ".test");
    const auto table = table_of(audiences_of(arguments[1], networks), names);
    const dns::Name name = dns::Name::parse("host.split.test", true).name;
    std::size_t found = 0;
    const std::size_t lookups = number(5);
    for (std::size_t i = 0; i < lookups; ++i) {
        found += table->find(name.wire(), {&clients[i % clients.size()], 28});
    }
    return found == 1 ? 1 : 0;  // it is looked at
}
