// SPDX-License-Identifier: MIT
// Numbers for people, not for judging: run with `unit_routing "[speed]" -s`. Hidden, as time decides no test.
#include <chrono>
#include <random>

#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string numbered(std::size_t i) {
    std::string name = std::to_string(1'000'000 + i);
    name[0] = 'z';
    return name + ".lab";
}

}  // namespace

TEST_CASE("how fast a table is built and asked", "[.][speed]") {
    for (const std::size_t count : {std::size_t{100}, std::size_t{100'000}, std::size_t{1'000'000}}) {
        const auto settings = std::make_shared<const RouteSettings>();
        std::vector<std::shared_ptr<const RouteFile>> files;
        std::size_t bytes = 0;
        for (std::size_t at = 0; at < count; at += 20'000) {
            RouteFileBuilder builder(std::to_string(at));
            for (std::size_t i = at; i < std::min(at + 20'000, count); ++i) {
                const std::string label = std::string(i % 2 == 0 ? "*." : "") + numbered(i / 2);
                builder.begin_section(static_cast<std::uint32_t>(i), label, settings);
                add_pattern(builder, label);
            }
            files.push_back(builder.finish());
            bytes += files.back()->memory_bytes();
        }
        const auto build_start = Clock::now();
        const auto table = RouteTable::build(files).table;
        const double build_seconds = seconds_since(build_start);
        bytes += table->memory_bytes();

        std::mt19937 random(1);
        std::vector<dns::Name> names;
        for (int i = 0; i < 4096; ++i)
            names.push_back(name_of(std::string("www.").append(numbered(random() % (count / 2)))));
        constexpr std::size_t rounds = 500;
        std::uint64_t sum = 0;
        const auto one_start = Clock::now();
        for (std::size_t round = 0; round < rounds; ++round)
            for (const dns::Name& name : names) sum += table->find(name.wire());
        const double one = seconds_since(one_start) * 1e9 / static_cast<double>(rounds * names.size());
        WARN(count << " sections: built in " << build_seconds * 1000 << " ms, " << bytes / count
                   << " bytes each; lookup " << one << " ns (" << sum % 10 << ")");
    }
    SUCCEED();
}

}  // namespace dproxy::routing
