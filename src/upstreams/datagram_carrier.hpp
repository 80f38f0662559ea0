// SPDX-License-Identifier: MIT
// The UDP sockets towards one upstream: several, on ports that the kernel draws at random (RFC 5452 9.2), in turns.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "telemetry/counters.hpp"
#include "upstreams/carrier.hpp"
#include "upstreams/limits.hpp"

namespace dproxy::proxy {

class Upstream;
class UpstreamSocket;
struct UpstreamContext;

class DatagramCarrier final : public Carrier {
public:
    DatagramCarrier(Upstream& upstream, UpstreamContext& context);
    ~DatagramCarrier() override;

    Sending send(QueryIndex query, Attempt& attempt, Link* avoid) override;
    void maintain() override;

    /// Nothing comes from the upstream any more: others on new ports take the place of the sockets, within limits,
    /// and as far as they can be opened.
    void replace_all();

private:
    UpstreamSocket* open();
    /// Whose turn it is. A socket that is suspect, guessed at or old is replaced when its turn comes.
    UpstreamSocket* in_turn(const Link* avoid);
    void turn();
    bool is_to_go(const UpstreamSocket& socket);
    bool may_replace();
    void replace_at(std::size_t index);
    void retire(std::size_t index);

    Upstream& upstream_;
    UpstreamContext& context_;
    std::vector<std::unique_ptr<UpstreamSocket>> sockets_;
    std::vector<std::unique_ptr<UpstreamSocket>> retired_;  ///< read until their queries end, and late_reply_ns more
    std::size_t rotation_ = 0;
    std::uint64_t rotated_ns_ = 0;
    std::uint64_t replacing_since_ns_ = 0;
    std::uint32_t replaced_ = 0;  ///< since then
    std::uint64_t may_open_ns_ = 0;
    telemetry::Failure why_not_open_ = telemetry::Failure::other;
};

}  // namespace dproxy::proxy
