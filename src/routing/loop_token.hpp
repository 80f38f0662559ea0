// SPDX-License-Identifier: MIT
// The names of loop probes: a label that nobody can guess, below the domain that is asked about. A query for one
// that comes to this process has come back to it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dns/message.hpp"
#include "dns/name.hpp"

namespace dproxy::routing {

/// Immutable; any thread. The token tells this process's probes from everybody else's, the number is drawn anew
/// for each probe: who was sent one can send that one back, and no other.
class LoopToken {
public:
    static constexpr std::size_t random_bytes = 16;
    static constexpr std::size_t label_length = 2 * random_bytes + 2 * sizeof(std::uint64_t);
    /// A domain that is longer has no room for the label.
    static constexpr std::size_t longest_domain = dns::max_name_length - label_length - 1;

    explicit LoopToken(const std::array<std::uint8_t, random_bytes>& random);

    /// `domain` is on the wire, at most longest_domain bytes.
    dns::Name probe_name(std::uint64_t number, dns::Bytes domain) const;
    /// The number of the probe that this name is of. Without regard to case, as servers may change that.
    std::optional<std::uint64_t> number_of(dns::Bytes name) const noexcept;

private:
    std::array<std::uint8_t, 2 * random_bytes> token_;  ///< as hexadecimal digits
};

}  // namespace dproxy::routing
