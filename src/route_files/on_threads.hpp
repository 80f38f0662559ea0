// SPDX-License-Identifier: MIT
// One piece of work for each of many items, shared by a few threads that end with it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace dproxy::config {

inline constexpr unsigned max_reading_threads = 16;

/// Calls `work` once for each item, on the caller's thread and at most `threads` - 1 others. Comes back when all is
/// done. `work` touches nothing that another item's touches; what it throws is thrown when all is done.
template <typename Item, typename Work>
void for_each_on_threads(std::vector<Item>& items, unsigned threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto take_turns = [&]() noexcept {
        for (std::size_t at = next++; at < items.size(); at = next++) {
            try {
                work(items[at]);
            } catch (...) {
                const std::lock_guard lock(failure_mutex);
                failure = std::current_exception();
            }
        }
    };
    const std::size_t useful = std::min({std::size_t{threads}, items.size(), std::size_t{max_reading_threads}});
    std::vector<std::thread> others;
    try {
        while (others.size() + 1 < useful) others.emplace_back(take_turns);
    } catch (const std::exception&) {
        // No more threads are to be had: those that there are do the work.
    }
    take_turns();
    for (std::thread& other : others) other.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace dproxy::config
