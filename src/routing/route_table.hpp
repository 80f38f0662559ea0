// SPDX-License-Identifier: MIT
// The route table: from a name to the route that is the most specific for it (DESIGN 2.2). Built once,
// then immutable: any thread may read it. Lookup neither allocates nor locks, and its cost depends on
// the labels of the name, not on the number of routes.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "routing/route_file.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// A route is a section of a file; its index is good for one table only.
using RouteIndex = std::uint32_t;
inline constexpr RouteIndex no_route = 0xffffffff;

/// A pattern that stands twice: the later section is left out whole.
struct Duplicate {
    std::string file;  ///< of the section that is left out
    std::uint32_t line = 0;
    std::string pattern;  ///< the first one of it that stood already, as normalised text
    std::string first_file;
    std::uint32_t first_line = 0;
    auto operator<=>(const Duplicate&) const = default;
};

class RouteTable {
public:
    struct Source {
        std::string_view file;  ///< as the messages write it, `directory/name`
        std::uint32_t line = 0;
    };
    /// One pattern of a route, in the effective order: what matches a name, or the whole table.
    struct Entry {
        std::string pattern;  ///< `example.com`, `*.example.com`, `*`, as normalised text
        RouteIndex route = no_route;
    };
    struct Build;
    class Probe;

    /// A table without a route.
    RouteTable() = default;
    /// Routes are numbered in the order of precedence: files as given, then sections by line. The table
    /// shares the files. No pointer is null.
    static Build build(std::vector<std::shared_ptr<const RouteFile>> files);

    /// `name` is on the wire, uncompressed, in any case, with the root label: as read_question found it.
    RouteIndex find(dns::Bytes name) const noexcept;

    /// The same in two steps, for batches: prepare and prefetch all names, then find each of them. A probe is
    /// good for the table that made it.
    Probe prepare(dns::Bytes name) const noexcept;
    void prefetch(const Probe& probe) const noexcept;
    RouteIndex find(const Probe& probe) const noexcept;

    std::size_t route_count() const noexcept { return route_settings_.size(); }
    /// The section as written, single spaces between patterns: the metric label.
    std::string label(RouteIndex route) const;
    /// The route that has this label.
    RouteIndex find_label(std::string_view label) const;
    Source source(RouteIndex route) const noexcept;
    RouteFile::Patterns patterns(RouteIndex route) const noexcept;
    /// A hash of the label: the same in every table that has the route.
    std::uint64_t key(RouteIndex route) const noexcept;
    const RouteSettings& settings(RouteIndex route) const noexcept { return *settings_[route_settings_[route]]; }
    /// Into settings_list(): few, as equal settings are stored once.
    std::uint32_t settings_index(RouteIndex route) const noexcept { return route_settings_[route]; }
    const std::vector<std::shared_ptr<const RouteSettings>>& settings_list() const noexcept { return settings_; }

    /// Every pattern that matches the name, the winner first: for `explain`.
    std::vector<Entry> matches(dns::Bytes name) const;
    /// Every pattern, most specific first (exact before wildcard, more labels before fewer, then by name): for
    /// `routes`.
    std::vector<Entry> entries() const;
    /// Bytes held by the table itself, without the files and settings it shares.
    std::size_t memory_bytes() const noexcept;

private:
    friend class RouteTableBuilder;

    static constexpr std::size_t max_labels = 127;  ///< of a name of 255 bytes
    /// All that is known of one name. `name` points into a RouteFile; its length is the byte before it.
    struct Slot {
        const std::uint8_t* name = nullptr;
        RouteIndex exact = no_route;
        RouteIndex below = no_route;
    };
    /// Open addressing with linear probing. A tag is a part of the name's hash, 0 in an empty slot: most
    /// probes end in this small array. Tag and slot are fetched at the same time, as neither leads to the other.
    const Slot* lookup(std::uint64_t hash, dns::Bytes lower_name) const noexcept;
    static std::uint16_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint16_t>(hash | 1); }
    std::size_t home(std::uint64_t hash) const noexcept {
        return static_cast<std::size_t>(((hash >> 32) * tags_.size()) >> 32);
    }
    std::size_t next(std::size_t at) const noexcept { return at + 1 == tags_.size() ? 0 : at + 1; }
    /// A section of a file.
    struct Place {
        const RouteFile& file;
        std::uint32_t section;
    };
    Place place_of(RouteIndex route) const noexcept;
    Place section_at(std::uint32_t section) const noexcept;  ///< counted over all files
    /// The route of the last `depth` labels: of the exact pattern if that is the whole name, else of the wildcard.
    RouteIndex route_at(const Probe& probe, std::size_t depth) const noexcept;

    std::vector<std::uint16_t> tags_;
    std::vector<Slot> slots_;
    std::bitset<max_labels + 1> exact_depths_;  ///< numbers of labels that exact patterns have
    std::bitset<max_labels + 1> below_depths_;
    std::size_t max_depth_ = 0;
    RouteIndex catch_all_ = no_route;  ///< the route of `*`
    std::vector<std::uint32_t> route_settings_;  ///< of each route, into settings_
    /// Routes are the sections of all files without those that are left out: of each of these, how many routes come
    /// before it, in order.
    std::vector<RouteIndex> routes_before_left_out_;
    std::vector<std::uint32_t> sections_before_;  ///< of each file, in all files before it
    std::vector<std::shared_ptr<const RouteFile>> files_;
    std::vector<std::shared_ptr<const RouteSettings>> settings_;
};

struct RouteTable::Build {
    std::shared_ptr<const RouteTable> table;
    std::vector<Duplicate> duplicates;
};

/// A name in lower case with the hashes of its suffixes. About 1.5 kB, for the stack of one thread.
class RouteTable::Probe {
private:
    friend class RouteTable;
    friend class RouteTableBuilder;
    /// The arrays are filled as far as they are needed: `depth` labels from the right are hashed.
    Probe(dns::Bytes name, std::size_t depth) noexcept;
    void find_labels(std::size_t depth) noexcept;
    dns::Bytes suffix(std::size_t depth) const noexcept {
        return {lower_.data() + starts_[depth], std::size_t{length_} - starts_[depth]};
    }

    static constexpr std::size_t word = 8;
    std::array<std::uint8_t, dns::max_name_length + 1 + word> lower_;  ///< with zeros after the name
    std::array<std::uint64_t, max_labels + 1> hashes_;             ///< of the last 1, 2, ... labels
    std::array<std::uint8_t, max_labels + 1> starts_;              ///< where the last 1, 2, ... labels begin
    std::uint8_t length_ = 0;
    std::uint8_t labels_ = 0;
    std::uint8_t hashed_ = 0;  ///< labels from the right that are in hashes_ and starts_
    bool valid_ = false;       ///< the bytes are a name
};

}  // namespace dproxy::routing
