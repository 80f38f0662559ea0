// SPDX-License-Identifier: MIT
// What a reload does after the table is built.
#include <benchmark/benchmark.h>

#include "publication/publisher.hpp"
#include "routes.hpp"

namespace {

using namespace dproxy;

void take_table(benchmark::State& state) {
    const auto table = bench::table(static_cast<std::size_t>(state.range(0)));
    proxy::Publisher publisher(nullptr, 500, 500);
    for (auto _ : state) publisher.take_table(table, {});
}
BENCHMARK(take_table)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

void make_publication(benchmark::State& state) {
    proxy::Publisher publisher(nullptr, 500, 500);
    publisher.take_table(bench::table(static_cast<std::size_t>(state.range(0))), {});
    const proxy::AddressBook no_hosts;
    for (auto _ : state) {
        const auto made = publisher.make({no_hosts}, {});
        benchmark::DoNotOptimize(made.publication.get());
    }
}
BENCHMARK(make_publication)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
