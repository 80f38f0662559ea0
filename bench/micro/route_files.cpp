// SPDX-License-Identifier: MIT
// From the text of route files to a table.
#include <benchmark/benchmark.h>

#include "route_files/prox_file.hpp"
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

/// The same patterns as those of bench::files, in one list.
std::string list_text(std::size_t patterns) {
    std::string text;
    for (std::size_t i = 0; i < patterns; ++i) text += (i % 2 == 0 ? "*." : "") + bench::zone(i / 2) + "\n";
    return text;
}

std::shared_ptr<const routing::RouteFile> file_with_list(const std::string& text) {
    routing::SettingsPool pool;
    config::ProxOptions options;
    options.list_of = [&](std::string_view) {
        return config::NamedList{config::parse_list(text, "list").list, config::hash_of(text), {}};
    };
    return config::parse_prox("[l.lab]\nanswer = nxdomain\npatterns = list\n", "f", options, pool).file;
}

void parse_list(benchmark::State& state) {
    const std::string text = list_text(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(config::parse_list(text, "list"));
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_list)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void build_table_of_list(benchmark::State& state) {
    const auto file = file_with_list(list_text(static_cast<std::size_t>(state.range(0))));
    for (auto _ : state) {
        const auto built = routing::RouteTable::build({file});
        state.counters["bytes_a_pattern"] =
            static_cast<double>(file->list(0)->memory_bytes() + built.table->memory_bytes()) /
            static_cast<double>(state.range(0));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(build_table_of_list)->Arg(100)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
