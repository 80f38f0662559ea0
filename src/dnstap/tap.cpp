// SPDX-License-Identifier: MIT
#include "dnstap/tap.hpp"

#include <utility>

namespace dproxy::dnstap {

Tap::Tap(std::shared_ptr<query_log::Rings> rings, unsigned worker, telemetry::Counter& dropped)
    : rings_(std::move(rings)), ring_(rings_ ? &rings_->open(worker) : nullptr), dropped_(&dropped) {}

void Tap::note(const Record& record) {
    const auto room = ring_->begin(bytes_of(record));
    if (room.empty()) return dropped_->add();
    write(record, room);
    ring_->commit();
}

}  // namespace dproxy::dnstap
