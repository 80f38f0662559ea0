// SPDX-License-Identifier: MIT
// Where queries would go in circles: a route, and the domain whose names its upstream sends back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// RouteTable::key() of the route; the master upstream has its own.
inline constexpr std::uint64_t master_route_key = 0;

/// The names at and below `domain`, as far as they go by one pattern of a route. Other patterns of its section are
/// other places, also where they lie below: who holds the names of one need not hold those of another. The settings
/// tell that it still is the same route: they are kept alive here, so no others can have their address.
struct LoopPlace {
    std::shared_ptr<const RouteSettings> settings;
    std::uint64_t route_key = master_route_key;
    std::string route = "(master)";  ///< its label
    std::string file;                ///< where it stands; empty for the master upstream
    std::uint32_t line = 0;
    dns::Name domain;
    std::size_t pattern_length = 1;  ///< so many last bytes of the domain are that of the pattern

    bool is_whole_pattern() const { return domain.wire().size() == pattern_length; }
    bool same_route(const LoopPlace& other) const {
        return settings == other.settings && route_key == other.route_key;
    }
    /// All names of the other place are names of this one.
    bool covers(const LoopPlace& other) const;
};

/// Equal for equal places, without regard to case. Keyed: nobody can make one place pass for another.
std::uint64_t hash_of_place(const RouteSettings* settings, std::uint64_t route_key, dns::Bytes domain,
                            std::size_t pattern_length) noexcept;
std::uint64_t hash_of_place(const LoopPlace& place) noexcept;

struct LoopMark {
    LoopPlace place;
    std::string upstream;  ///< `address:port` of the one that sent the probe back
    std::uint64_t since_ns = 0;
};

/// All that are in force: immutable, read by every worker.
class LoopMarks {
public:
    LoopMarks() = default;
    explicit LoopMarks(std::vector<LoopMark> marks);

    bool empty() const noexcept { return marks_.empty(); }
    /// `pattern_length`: RouteTable::Match, 1 for the master upstream.
    bool cover(const RouteSettings& settings, std::uint64_t route_key, dns::Bytes name,
               std::size_t pattern_length) const noexcept;
    const std::vector<LoopMark>& list() const noexcept { return marks_; }

private:
    std::vector<LoopMark> marks_;
    std::vector<std::uint64_t> places_;  ///< hashes of theirs, in order
};

}  // namespace dproxy::routing
