// SPDX-License-Identifier: MIT
// From the text of route files to a table.
#include <benchmark/benchmark.h>

#include "config/prox_file.hpp"
#include "routes.hpp"

namespace {

using namespace dproxy;

void parse_texts(benchmark::State& state) {
    const auto texts = bench::file_texts(static_cast<std::size_t>(state.range(0)));
    std::size_t bytes = 0;
    for (const std::string& text : texts) bytes += text.size();
    for (auto _ : state) {
        routing::SettingsPool pool;
        for (const std::string& text : texts) benchmark::DoNotOptimize(config::parse_prox(text, "f", {}, pool));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(parse_texts)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void build_table(benchmark::State& state) {
    const auto files = bench::files(static_cast<std::size_t>(state.range(0)));
    std::size_t bytes = 0;
    for (const auto& file : files) bytes += file->memory_bytes();
    for (auto _ : state) {
        const auto built = routing::RouteTable::build(files);
        state.counters["bytes_a_route"] =
            static_cast<double>(bytes + built.table->memory_bytes()) / static_cast<double>(state.range(0));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(build_table)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
