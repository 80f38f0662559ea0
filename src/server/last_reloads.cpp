// SPDX-License-Identifier: MIT
#include "server/last_reloads.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace dproxy::server {

namespace {

config::LabelList shortened(const config::LabelList& labels) {
    config::LabelList shorter;
    shorter.more = labels.more;
    for (const std::string& label : labels.named) {
        const bool is_cut = label.size() > max_label_bytes_told;
        shorter.named.push_back(label.substr(0, max_label_bytes_told) + (is_cut ? "..." : ""));
    }
    return shorter;
}

}  // namespace

void LastReloads::add(const config::ReloadResult& result, bool is_first, std::chrono::nanoseconds duration,
                      std::chrono::system_clock::time_point time) {
    ReloadNote note;
    note.time = time;
    note.duration = duration;
    note.is_first = is_first;
    note.routes = result.state->routes;
    note.faults = result.state->faults.size();
    // At the start everything is new.
    if (!is_first) {
        note.changes = {shortened(result.changes.added), shortened(result.changes.changed),
                        shortened(result.changes.removed)};
    }
    std::vector<ReloadNote> notes{std::move(note)};
    const std::size_t kept = std::min(notes_->size(), max_reloads_told - 1);
    notes.insert(notes.end(), notes_->begin(), notes_->begin() + static_cast<std::ptrdiff_t>(kept));
    notes_ = std::make_shared<const std::vector<ReloadNote>>(std::move(notes));
}

}  // namespace dproxy::server
