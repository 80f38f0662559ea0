// SPDX-License-Identifier: MIT
// What workers say that others have to look into: loops, forged replies, upstreams that cannot be spoken to encrypted.
// Rare; the methods may be called from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "net/address.hpp"
#include "routing/loop_marks.hpp"

namespace dproxy::proxy {

class LoopReports {
public:
    /// The loop probe of this number came from `peer` as a query.
    virtual void loop_probe_returned(std::uint64_t number, const net::Address& peer) = 0;
    /// Many queries in flight ask for the place's domain by its route.
    virtual void loop_suspected(routing::LoopPlace place) = 0;
    /// Replies that fit no query come to a port that asks this upstream: many more than come by chance.
    virtual void replies_guessed(const net::Endpoint& upstream) = 0;
    /// No encrypted connection could be had with the upstream of this serial, or one did not go on.
    virtual void encryption_failed(std::uint64_t upstream, std::string reason) = 0;

protected:
    ~LoopReports() = default;
};

}  // namespace dproxy::proxy
