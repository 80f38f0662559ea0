// SPDX-License-Identifier: MIT
// The names of loop probes: a label that only this process can make, below the domain that is asked about. A query for
// one that comes to this process has come back to it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "net/sip_hash.hpp"

namespace dproxy::routing {

/// Immutable; any thread. The label is a number and its seal for that domain (SipHash-2-4, Aumasson and Bernstein
/// 2012): who was sent a probe can send that one back, but neither make up others nor take it to another domain.
class LoopToken {
public:
    static constexpr std::size_t random_bytes = net::SipHash::key_bytes;
    static constexpr std::size_t label_length = 2 * 2 * sizeof(std::uint64_t);
    /// A domain that is longer has no room for the label.
    static constexpr std::size_t longest_domain = dns::max_name_length - label_length - 1;

    /// `random`: the secret.
    explicit LoopToken(const std::array<std::uint8_t, random_bytes>& random);

    /// Of a probe that is sent now. Nobody can tell how many were sent: what is not the time is drawn anew for each.
    static std::uint64_t number_of_probe(std::uint64_t now_ns, std::uint32_t random) noexcept;
    /// Whether the probe of that number, which is one of ours, may still be waited for. A label that was kept for later
    /// says nothing.
    static bool is_fresh(std::uint64_t number, std::uint64_t now_ns) noexcept;

    /// `domain` is on the wire, at most longest_domain bytes.
    dns::Name probe_name(std::uint64_t number, dns::Bytes domain) const;
    /// The number of the probe of this process that this name is of. Without regard to case, as servers may change it.
    std::optional<std::uint64_t> number_of(dns::Bytes name) const noexcept;

private:
    std::uint64_t seal(std::uint64_t number, dns::Bytes domain) const noexcept;

    net::SipHash::Key key_;
};

}  // namespace dproxy::routing
