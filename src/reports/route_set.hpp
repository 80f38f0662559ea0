// SPDX-License-Identifier: MIT
// One side of a comparison of routes: what `/routes` tells, in few bytes for each pattern.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/address.hpp"
#include "net/keyed_hash.hpp"

namespace dproxy::config {

/// Which queries see a section: from these networks, of these types. Empty lists: all.
struct Audience {
    std::vector<net::Network> clients;
    std::vector<std::string> types;
    std::string text;  ///< the same for the same networks and types in any order; empty: all queries

    bool covers(const Audience& other) const;    ///< sees whatever the other sees
    bool overlaps(const Audience& other) const;  ///< there is a query that both see
    /// What the choice between sections of one pattern goes by, for queries of `other`: the longest network first, then
    /// whether there are types. The larger wins.
    std::size_t rank(const Audience& other) const;
};

/// Immutable once filled.
class RouteSet {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    /// A pattern of a section. Views point into the set.
    struct Entry {
        std::string_view pattern;  ///< normalised, as `/routes` has it
        std::uint32_t audience = 0;
        std::uint32_t destination = 0;
        std::uint32_t file = 0;
        std::uint32_t line = 0;
        std::uint32_t next = none;  ///< another entry of the same pattern
    };

    RouteSet();

    /// One object of "routes". False: it has no pattern.
    bool add(const boost::json::object& route);
    /// All that stands in the text of `/routes`, which is walked through route by route: a sentence that says what is
    /// wrong with it, or nothing. What comes beside the routes is looked at by nobody but `otherwise`.
    std::string read(std::string_view text);

    const std::vector<Entry>& entries() const { return entries_; }
    /// The first of the entries of a pattern, `none` where there is none.
    std::uint32_t find(std::string_view pattern) const;
    /// The entry of this pattern that the same queries see.
    std::uint32_t find(std::string_view pattern, std::string_view audience) const;

    const Audience& audience(const Entry& entry) const { return audiences_[entry.audience]; }
    /// Where the section sends queries, and how: JSON, equal where nothing differs.
    std::string_view destination(const Entry& entry) const { return *destinations_.texts[entry.destination]; }
    /// `file:line`.
    std::string place(const Entry& entry) const;
    /// The member "otherwise" of the text that was read, as JSON; empty where there was none.
    const std::string& otherwise() const { return otherwise_; }

private:
    using Numbers = std::unordered_map<std::string, std::uint32_t, net::TextHash, std::equal_to<>>;
    /// Texts by number, each once: many routes say the same.
    struct Texts {
        Numbers numbers;
        std::vector<const std::string*> texts;
        std::uint32_t number_of(std::string&& text);
    };
    std::uint32_t audience_of(const boost::json::object& route);

    std::vector<Entry> entries_;
    Numbers patterns_;  ///< the entry that was added last of each
    Numbers audience_numbers_;
    std::vector<Audience> audiences_;
    Texts destinations_;
    Texts files_;
    std::string otherwise_;
};

}  // namespace dproxy::config
