// SPDX-License-Identifier: MIT
// What sections for some clients and types cost a look, and how that grows with the number of networks.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "dns/name.hpp"
#include "net/network_map.hpp"
#include "routing/route_table.hpp"

namespace {

using namespace dproxy;

net::Network network(std::size_t number, bool v4) {
    net::Network network;
    if (v4) {
        const auto byte = [number](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
        return {net::Address::v4(static_cast<std::uint8_t>(1 + (byte(16) & 0x7f)), byte(8), byte(0), 0), 96 + 24};
    }
    network.base.bytes = {0x20, 0x01, 0x0d, 0xb8};
    for (std::size_t i = 0; i < 3; ++i) network.base.bytes[4 + i] = static_cast<std::uint8_t>(number >> (16 - 8 * i));
    network.prefix = 56;
    return network;
}

void find_network(benchmark::State& state, bool v4) {
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<net::Network> networks;
    for (std::size_t i = 0; i < count; ++i) networks.push_back(network(i * 37, v4));
    const net::NetworkMap map(networks);
    std::mt19937 random(1);
    std::vector<net::Address> clients;
    for (std::size_t i = 0; i < 4096; ++i) {
        clients.push_back(networks[random() % count].base);
        clients.back().bytes[15] = 7;
    }
    std::size_t at = 0;
    for (auto _ : state) {
        std::uint32_t found = map.longest(clients[at++ % clients.size()]);
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK_CAPTURE(find_network, v4, true)->Arg(1)->Arg(10)->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(find_network, v6, false)->Arg(1)->Arg(10)->Arg(1000)->Arg(100'000);

/// One pattern, as many sections as there are offices and one for everybody else.
void find_section(benchmark::State& state) {
    routing::RouteFileBuilder builder("some.prox");
    const dns::Name domain = dns::Name::parse("split.test", true).name;
    const auto offices = static_cast<std::size_t>(state.range(0));
    for (std::size_t i = 0; i <= offices; ++i) {
        auto settings = std::make_shared<routing::RouteSettings>();
        if (i > 0) settings->audience.clients = {network(i, true)};
        builder.begin_section(static_cast<std::uint32_t>(i + 1), settings->audience.label_of(".split.test"), settings);
        builder.add_pattern(routing::PatternKind::both, domain);
    }
    const auto table = routing::RouteTable::build({builder.finish()}).table;
    const dns::Name name = dns::Name::parse("host.split.test", true).name;
    std::vector<net::Address> clients;
    for (std::size_t i = 0; i < 64; ++i) clients.push_back(network(1 + i % offices, true).base);
    std::size_t at = 0;
    for (auto _ : state) {
        const routing::Asker asker{&clients[at++ % clients.size()], 1};
        routing::RouteIndex route = table->find(name.wire(), asker);
        benchmark::DoNotOptimize(route);
    }
}
BENCHMARK(find_section)->Arg(1)->Arg(10)->Arg(500);

}  // namespace
