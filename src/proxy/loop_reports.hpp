// SPDX-License-Identifier: MIT
// What workers say about loops. Rare; the methods may be called from any thread.
#pragma once

#include <cstdint>

#include "net/address.hpp"
#include "routing/loop_marks.hpp"

namespace dproxy::proxy {

class LoopReports {
public:
    /// The loop probe of this number came from `peer` as a query.
    virtual void loop_probe_returned(std::uint64_t number, const net::Address& peer) = 0;
    /// Many queries in flight ask for the place's domain by its route.
    virtual void loop_suspected(routing::LoopPlace place) = 0;

protected:
    ~LoopReports() = default;
};

}  // namespace dproxy::proxy
