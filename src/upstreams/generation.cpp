// SPDX-License-Identifier: MIT
#include "upstreams/generation.hpp"

#include <algorithm>
#include <cassert>

namespace dproxy::proxy {

void Generations::leave_slots(const Publication& publication) {
    std::unordered_map<std::uint64_t, telemetry::Slot> slots;
    for (const UpstreamSpec& spec : publication.pools->upstreams) slots.emplace(spec.serial, spec.slot);
    for (const auto& [serial, upstream] : upstreams_) {
        const auto slot = slots.find(serial);
        if (slot == slots.end() || slot->second != upstream->spec().slot) upstream->leave_slot();
    }
}

void Generations::adopt(const Publication& publication) {
    auto generation = std::make_unique<Generation>();
    generation->table_serial = publication.table_serial;
    generation->pools = publication.pools;
    generation->upstreams.reserve(publication.pools->upstreams.size());
    for (const UpstreamSpec& spec : publication.pools->upstreams) {
        auto known = upstreams_.find(spec.serial);
        if (known == upstreams_.end()) {
            known = upstreams_.emplace(spec.serial, std::make_unique<Upstream>(context_, spec)).first;
        }
        generation->upstreams.push_back(known->second.get());
    }
    if (ready() && current().table_serial == publication.table_serial) {
        generation->turns = current().turns;
        generation->hedges = current().hedges;
    } else {
        generation->turns.resize(publication.pools->pools.size());
        generation->hedges.resize(publication.pools->pools.size());
    }
    generations_.push_back(std::move(generation));
    for (std::size_t i = 0; i < publication.pools->upstreams.size(); ++i) {
        Upstream& upstream = *current().upstreams[i];
        upstream.adopt(publication.pools->upstreams[i]);
        ++upstream.generations;
    }
    if (generations_.size() > 1) drop_if_unused(generations_.size() - 2);
}

void Generations::left(Generation& generation) {
    assert(generation.inflight > 0);
    if (--generation.inflight > 0 || &generation == generations_.back().get()) return;
    const auto found = std::find_if(generations_.begin(), generations_.end(),
                                    [&](const auto& one) { return one.get() == &generation; });
    drop_if_unused(static_cast<std::size_t>(found - generations_.begin()));
}

void Generations::drop_if_unused(std::size_t index) {
    if (generations_[index]->inflight > 0) return;
    leaving_.reserve(leaving_.size() + generations_[index]->upstreams.size());
    for (Upstream* upstream : generations_[index]->upstreams) {
        if (--upstream->generations > 0) continue;
        const auto found = upstreams_.find(upstream->spec().serial);
        // It may be in the midst of a call: it is destroyed when the turn is over.
        leaving_.push_back(std::move(found->second));
        upstreams_.erase(found);
    }
    generations_.erase(generations_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace dproxy::proxy
