// SPDX-License-Identifier: MIT
// Held by tests/integration/test_fair_limits.py.
#include "server/memory_watch.hpp"

#include <algorithm>
#include <chrono>

#include "server/spare_memory.hpp"

namespace dproxy::server {

namespace {

constexpr std::chrono::seconds memory_interval{2};
constexpr std::uint64_t spare_memory_worth_giving_back = std::uint64_t{8} << 20;

}  // namespace

void MemoryWatch::start() {
    timer_.expires_after(memory_interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        start();
        look();
    });
}

void MemoryWatch::look() {
    std::uint64_t buffered = 0;
    for (const auto& counters : counters_) buffered += counters->buffered_bytes.value();
    most_buffered_ = std::max(most_buffered_, buffered);
    if (most_buffered_ - buffered >= spare_memory_worth_giving_back) {
        give_back_spare_memory();
        most_buffered_ = buffered;
    }
}

}  // namespace dproxy::server
