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

/// The names at and below `domain`, as far as they go by one route. The settings tell that it still is the same:
/// they are kept alive here, so no others can have their address.
struct LoopPlace {
    std::shared_ptr<const RouteSettings> settings;
    std::uint64_t route_key = master_route_key;
    std::string route = "(master)";  ///< its label
    std::string file;                ///< where it stands; empty for the master upstream
    std::uint32_t line = 0;
    dns::Name domain;
    bool whole_route = false;  ///< a loop here concerns all names of the route

    bool same_route(const LoopPlace& other) const {
        return settings == other.settings && route_key == other.route_key;
    }
};

/// `name` is `domain` or below it. Both on the wire, without regard to case.
bool is_within(dns::Bytes name, dns::Bytes domain) noexcept;

struct LoopMark {
    LoopPlace place;
    std::string upstream;  ///< `address:port` of the one that sent the probe back
    std::uint64_t since_ns = 0;

    bool covers(const RouteSettings& settings, std::uint64_t route_key, dns::Bytes name) const noexcept {
        return &settings == place.settings.get() && route_key == place.route_key &&
               (place.whole_route || is_within(name, place.domain.wire()));
    }
};

/// All that are in force: immutable, read by every worker.
class LoopMarks {
public:
    LoopMarks() = default;
    explicit LoopMarks(std::vector<LoopMark> marks) : marks_(std::move(marks)) {}

    bool empty() const noexcept { return marks_.empty(); }
    bool cover(const RouteSettings& settings, std::uint64_t route_key, dns::Bytes name) const noexcept;
    const std::vector<LoopMark>& list() const noexcept { return marks_; }

private:
    std::vector<LoopMark> marks_;
};

}  // namespace dproxy::routing
