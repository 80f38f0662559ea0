// SPDX-License-Identifier: MIT
// Which of several sections with the same pattern a query sees: among those that are for its client and its type the
// one with the longest network, then one that names the type, then the first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "net/keyed_hash.hpp"
#include "net/network_map.hpp"
#include "routing/audience.hpp"

namespace dproxy::routing {

/// A route is a section of a file; its index is good for one table only.
using RouteIndex = std::uint32_t;
inline constexpr RouteIndex no_route = 0xffffffff;

/// Sections that one pattern may stand in: what a query has to look through is bounded, whoever writes the files.
inline constexpr std::size_t max_sections_of_a_pattern = 1000;
/// Of what networks see of sections, so much is kept ready, 32 bytes each: what comes beyond is looked through.
inline constexpr std::size_t max_views = 1 << 20;

/// One section of a choice. The audience lives as long as the table.
struct SectionForSome {
    RouteIndex route = no_route;
    const Audience* audience = nullptr;
};

/// All choices of a table. Immutable once built; any thread may read it. A look neither allocates nor locks.
class SectionChoices {
public:
    SectionChoices() = default;
    /// Each choice: its sections, in the order of precedence, at most max_sections_of_a_pattern.
    explicit SectionChoices(std::span<const std::vector<SectionForSome>> choices,
                            const net::KeyedHash& hash = net::process_hash(), std::size_t most_views = max_views);

    bool empty() const noexcept { return choices_.empty(); }
    std::span<const SectionForSome> sections(std::size_t choice) const noexcept;
    std::size_t memory_bytes() const noexcept;

    /// The choices of one query: its network is looked up at the first of them that has sections with `clients`.
    class For {
    public:
        For(const SectionChoices& choices, const Asker& asker) noexcept : choices_(choices), asker_(asker) {}
        /// The section that the query sees, or no_route.
        RouteIndex choose(std::size_t choice) noexcept;

    private:
        const SectionChoices& choices_;
        const Asker& asker_;
        std::uint32_t network_ = net::NetworkMap::none;
        bool looked_up_ = false;
    };

private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::uint64_t no_key = std::numeric_limits<std::uint64_t>::max();
    /// Into sections_: those with `clients`, then those for all clients.
    struct Choice {
        std::uint32_t begin = 0;
        std::uint32_t for_all_clients = 0;
        std::uint32_t end = 0;
        /// The number of the list of those with `clients`, or none: many patterns stand in the same sections.
        std::uint32_t list = none;
    };
    /// What of a list a network's clients see, by the sections that name just this network.
    struct View {
        std::uint64_t key = no_key;
        std::uint32_t first = 0;  ///< the only section's route; or where several begin in viewed_
        std::uint32_t count = 0;  ///< of several sections, or of one for some types; 0: all types see it
    };
    std::span<const SectionForSome> with_clients(const Choice& choice) const noexcept {
        return {sections_.data() + choice.begin, sections_.data() + choice.for_all_clients};
    }
    static std::uint64_t key_of(std::uint32_t list, std::uint32_t network) {
        return std::uint64_t{list} << 32 | network;
    }
    std::size_t home(std::uint64_t key) const noexcept {
        return static_cast<std::size_t>((key * scatter_) >> views_shift_);
    }
    std::size_t next(std::size_t place) const noexcept { return (place + 1) & (views_.size() - 1); }
    RouteIndex seen_from(std::uint32_t network, const Choice& choice, std::uint16_t type) const noexcept;
    RouteIndex looked_through(std::uint32_t network, const Choice& choice, std::uint16_t type) const noexcept;
    std::vector<Choice> number_lists();
    std::vector<net::Network> number_networks();
    void make_views(std::span<const Choice> lists, std::span<const net::Network> networks, std::size_t most_views);
    void place(std::span<const View> views);

    std::vector<Choice> choices_;
    std::vector<SectionForSome> sections_;
    net::NetworkMap networks_;  ///< of all `clients`
    /// A table with open addressing, a power of two and at least a third of it empty. Where something lies depends on a
    /// secret, and nothing else does.
    std::vector<View> views_;
    std::vector<SectionForSome> viewed_;
    std::uint32_t lists_in_views_ = 0;  ///< lists from here on are looked through
    std::uint64_t scatter_ = 1;
    unsigned views_shift_ = 0;
    /// Of each network the sections that name it, in the order of precedence: into routes_of_networks_. Empty where all
    /// lists are in views.
    std::vector<std::uint32_t> network_begins_;
    std::vector<RouteIndex> routes_of_networks_;
};

}  // namespace dproxy::routing
