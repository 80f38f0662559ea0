// SPDX-License-Identifier: MIT
// The reloads of late, with what each changed, for the page at /. The log has them all. Belongs to the thread that
// reloads.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "route_files/label_changes.hpp"
#include "route_files/route_store.hpp"

namespace dproxy::server {

inline constexpr std::size_t max_reloads_told = 20;
/// Of a section's name, among what a reload changed; with more it ends with `...`.
inline constexpr std::size_t max_label_bytes_told = 100;

struct ReloadNote {
    std::chrono::system_clock::time_point time{};  ///< its end
    std::chrono::nanoseconds duration{0};
    bool is_first = false;       ///< at the start
    std::size_t routes = 0;      ///< in force after it, and
    std::size_t faults = 0;      ///< that there were
    config::LabelChanges changes{};
};

class LastReloads {
public:
    using Notes = std::shared_ptr<const std::vector<ReloadNote>>;

    void add(const config::ReloadResult& result, bool is_first, std::chrono::nanoseconds duration,
             std::chrono::system_clock::time_point time);
    const Notes& notes() const { return notes_; }  ///< immutable, never null; the last one first

private:
    Notes notes_ = std::make_shared<const std::vector<ReloadNote>>();
};

}  // namespace dproxy::server
