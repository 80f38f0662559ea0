// SPDX-License-Identifier: MIT
#include "proxy/generation.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <new>

namespace dproxy::proxy {

void Generation::FreeZeroed::operator()(std::uint32_t* counts) const noexcept { std::free(counts); }

void Generations::adopt(const Publication& publication) {
    auto generation = std::make_unique<Generation>();
    generation->table_serial = publication.table_serial;
    generation->pools = publication.pools;
    generation->upstreams.reserve(publication.pools->upstreams.size());
    for (const UpstreamSpec& spec : publication.pools->upstreams) {
        std::unique_ptr<Upstream>& upstream = upstreams_[spec.serial];
        if (!upstream) upstream = std::make_unique<Upstream>(context_, spec);
        ++upstream->generations;
        generation->upstreams.push_back(upstream.get());
    }
    if (ready() && current().table_serial == publication.table_serial) {
        generation->turns = current().turns;
        generation->hedges = current().hedges;
        generation->route_inflight = current().route_inflight;
    } else {
        const std::size_t routes = publication.table->route_count();
        auto* counts = static_cast<std::uint32_t*>(std::calloc(routes + 1, sizeof(std::uint32_t)));
        if (!counts) throw std::bad_alloc();
        generation->turns.resize(publication.pools->pools.size());
        generation->hedges.resize(publication.pools->pools.size());
        generation->route_inflight.reset(counts, Generation::FreeZeroed{});
    }
    generations_.push_back(std::move(generation));
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
