// SPDX-License-Identifier: MIT
// From a name to its route, in tables of 100 to 1,000,000 routes. Names come in no order, so that a large table is
// asked as in life: most of it is not in the cache.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "dns/name.hpp"
#include "routes.hpp"

namespace {

using namespace dproxy;

enum class Names { hit, exact, miss, deep };

std::string name_of(Names kind, std::size_t number) {
    switch (kind) {
        case Names::hit: return "host." + bench::zone(number);
        case Names::exact: return bench::zone(number);
        case Names::miss: return "host." + bench::zone(number) + "oratory";
        case Names::deep: break;
    }
    return "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y." + bench::zone(number);
}

void find_route(benchmark::State& state, Names kind) {
    const auto routes = static_cast<std::size_t>(state.range(0));
    const auto table = bench::table(routes);
    std::mt19937 random(1);
    std::vector<dns::Name> names;
    for (std::size_t i = 0; i < 65'536; ++i) {
        names.push_back(dns::Name::parse(name_of(kind, random() % (routes / 2)), true).name);
    }
    std::size_t at = 0;
    for (auto _ : state) {
        routing::RouteIndex route = table->find(names[at++ % names.size()].wire());
        benchmark::DoNotOptimize(route);
    }
}
BENCHMARK_CAPTURE(find_route, hit, Names::hit)->Arg(100)->Arg(100'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(find_route, exact, Names::exact)->Arg(100)->Arg(100'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(find_route, miss, Names::miss)->Arg(100)->Arg(100'000)->Arg(1'000'000);
BENCHMARK_CAPTURE(find_route, deep, Names::deep)->Arg(100)->Arg(100'000)->Arg(1'000'000);

}  // namespace
