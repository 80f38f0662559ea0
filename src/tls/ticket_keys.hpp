// SPDX-License-Identifier: MIT
// The keys under which a server seals what it must know to resume a session, so that the client can keep it (RFC 5077).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/message.hpp"

namespace dproxy::tls {

struct TicketKey {
    static constexpr std::size_t length = 80;

    std::array<std::uint8_t, 16> name{};  ///< stands in the ticket, so that the key is found again
    std::array<std::uint8_t, 32> cipher{};
    std::array<std::uint8_t, 32> mac{};

    /// The bytes of a file of keys, in this order. Nothing where they are not exactly 80.
    static std::optional<TicketKey> parse(dns::Bytes bytes);
    bool operator==(const TicketKey&) const = default;
};

/// Keys of the process's own, for where none are given: they die with it. One thread.
class OwnTicketKeys {
public:
    static constexpr std::uint64_t lifetime_ns = 12ULL * 3600 * 1'000'000'000;

    /// Random ones. `now_ns`: of any clock that only goes forward.
    explicit OwnTicketKeys(std::uint64_t now_ns);

    /// Whether there is a new key: a new context is to be made with it. The one before still opens its tickets.
    bool rotate(std::uint64_t now_ns);
    /// The first one seals, all open.
    const std::vector<TicketKey>& keys() const { return keys_; }
    /// When rotate() has something to do.
    std::uint64_t next_ns() const { return made_ns_ + lifetime_ns; }

private:
    std::vector<TicketKey> keys_;
    std::uint64_t made_ns_;
};

}  // namespace dproxy::tls
