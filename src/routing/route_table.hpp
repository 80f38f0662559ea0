// SPDX-License-Identifier: MIT
// The route table: from a name to the route that is the most specific for it. Built once,
// then immutable: any thread may read it. Lookup neither allocates nor locks, and its cost depends on
// the labels of the name, not on the number of routes.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "net/keyed_hash.hpp"
#include "routing/route_file.hpp"
#include "routing/route_settings.hpp"
#include "routing/section_choice.hpp"

namespace dproxy::routing {

/// A pattern that stands twice for the same clients and types, or in too many sections: the later section is left out
/// whole.
struct Duplicate {
    enum class Why : std::uint8_t { stands_already, too_many_sections };
    std::string file;  ///< of the section that is left out
    std::uint32_t line = 0;
    std::string pattern;  ///< the first one of it that stood already, as normalised text
    std::string first_file;
    std::uint32_t first_line = 0;
    Why why = Why::stands_already;
    /// A line of a list file; an empty name: the pattern stands in no list.
    struct InList {
        std::string file{};
        std::uint32_t line = 0;
        auto operator<=>(const InList&) const = default;
    };
    InList in_list{};        ///< of the section that is left out
    InList first_in_list{};  ///< of the other section, as far as it is known
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
    /// A route of a name, and by which of its patterns.
    struct Match {
        RouteIndex route = no_route;
        std::size_t pattern_length = 1;  ///< the pattern's domain is so many last bytes of the name; of `*` the root
    };
    /// The same in few bytes, for walks over large tables. `name` points into a file of the table.
    struct Listed {
        const std::uint8_t* name = nullptr;  ///< on the wire; its length is the byte before it
        RouteIndex route = no_route;
        PatternKind kind = PatternKind::exact;  ///< exact or below
        std::uint8_t labels = 0;
    };
    struct Build;

    /// A table without a route.
    RouteTable() = default;
    /// Routes are numbered in the order of precedence: files as given, then sections by line. The table
    /// shares the files. No pointer is null. Where in the table a name lies depends on `hash`, and nothing else does.
    /// Names above patterns are known where a route answers `nxdomain`, or always, as `names_above` says.
    enum class NamesAbove : std::uint8_t { where_needed, always };
    static Build build(std::vector<std::shared_ptr<const RouteFile>> files,
                       const net::KeyedHash& hash = net::process_hash(),
                       NamesAbove names_above = NamesAbove::where_needed);

    /// `name` is on the wire, uncompressed, in any case, with the root label: as read_question found it. The most
    /// specific pattern wins that has a section which the query sees; without an asker: which everybody's queries see.
    RouteIndex find(dns::Bytes name) const noexcept;
    RouteIndex find(dns::Bytes name, const Asker& asker) const noexcept;
    /// Whether it depends on the asker where any name goes.
    bool depends_on_asker() const noexcept { return !choices_.empty(); }
    /// The routes that a name may go by, one for each asker that makes a difference, the most specific first. The last
    /// one is everybody's, or there is none for some.
    std::vector<Match> ways(dns::Bytes name) const;
    /// The bytes of the longest pattern of the route that matches the name, from its end; 1 for `*`.
    std::size_t pattern_length(dns::Bytes name, RouteIndex route) const noexcept;

    /// Whether a pattern with another answer than `nxdomain` stands below the name: it exists then, however empty, and
    /// NXDOMAIN for it would be taken to hold for all below (RFC 8020 2).
    bool is_above_a_pattern(dns::Bytes name) const noexcept;
    /// What is answered where `written` stands: the same, but NODATA for NXDOMAIN to a name above a pattern. Any
    /// other answer costs one comparison.
    LocalAnswer truthful(LocalAnswer written, dns::Bytes name) const noexcept {
        return written == LocalAnswer::nxdomain && is_above_a_pattern(name) ? LocalAnswer::nodata : written;
    }
    /// One of the patterns that make is_above_a_pattern() so, the first in the order of precedence, or an empty text.
    /// For `explain`: it looks at all of them.
    std::string pattern_below(dns::Bytes name) const;

    std::size_t route_count() const noexcept { return route_settings_.size(); }
    /// The section as written, single spaces between patterns: the metric label.
    std::string label(RouteIndex route) const;
    /// No more than `most` bytes of it, behind what stands in `text`: see RouteFile.
    void append_label(std::string& text, RouteIndex route, std::size_t most) const;
    /// The route that has this label.
    RouteIndex find_label(std::string_view label) const;
    Source source(RouteIndex route) const noexcept;
    RouteFile::Patterns patterns(RouteIndex route) const noexcept;
    /// Null where the route's section names none.
    const PatternList* list_of(RouteIndex route) const noexcept;
    /// Where the route's list has a pattern of that name (its domain, in lower case): file and line. Nothing where it
    /// has none. For `explain`: it may look at all of them.
    std::optional<Source> source_in_list(RouteIndex route, dns::Bytes domain) const;
    /// The same of a pattern whose name is stored there: at once.
    std::optional<Source> source_in_list(RouteIndex route, const std::uint8_t* stored) const noexcept;
    /// A hash of the label: the same in every table of this process that has the route.
    std::uint64_t key(RouteIndex route) const noexcept;
    const RouteSettings& settings(RouteIndex route) const noexcept { return *settings_[route_settings_[route]]; }
    /// Into settings_list(): few, as equal settings are stored once.
    std::uint32_t settings_index(RouteIndex route) const noexcept { return route_settings_[route]; }
    const std::vector<std::shared_ptr<const RouteSettings>>& settings_list() const noexcept { return settings_; }

    /// Every pattern that matches the name, the most specific first, with each of its sections: for `explain`.
    std::vector<Entry> matches(dns::Bytes name) const;
    /// Every pattern, most specific first (exact before wildcard, more labels before fewer, then by name; for some
    /// before for everybody): for `routes`.
    std::vector<Entry> entries() const;
    std::vector<Listed> listed() const;
    static Entry entry_of(const Listed& listed);
    /// Bytes held by the table itself, without the files and settings it shares.
    std::size_t memory_bytes() const noexcept;
    /// The most names that one lookup may have to pass: few, whoever chose the names.
    std::size_t longest_run() const noexcept;

private:
    friend class RouteTableBuilder;
    class Probe;

    static constexpr std::size_t max_labels = 127;  ///< of a name of 255 bytes
    static constexpr RouteIndex choice_begin = 0x80000000;
    static bool is_choice(RouteIndex place) noexcept { return place >= choice_begin && place != no_route; }
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
    struct Section {
        const RouteFile& file;
        std::uint32_t index;  ///< in the file
    };
    Section section_of(RouteIndex route) const noexcept;
    Section section_at(std::uint32_t section) const noexcept;  ///< counted over all files
    /// With as many suffixes as this table has a use for.
    Probe prepare(dns::Bytes name) const noexcept;
    /// What stands for the last `depth` labels, the exact pattern if that is the whole name, else the wildcard; for 0
    /// `*`. A route, no_route, or from choice_begin on a choice between sections.
    RouteIndex place_at(const Probe& probe, std::size_t depth) const noexcept;
    /// The sections of a place, each.
    template <typename Take>
    void for_each_section(RouteIndex place, Take take) const;

    net::KeyedHash hash_ = net::process_hash();
    std::vector<std::uint16_t> tags_;
    std::vector<Slot> slots_;
    std::bitset<max_labels + 1> exact_depths_;  ///< numbers of labels that exact patterns have
    std::bitset<max_labels + 1> below_depths_;
    std::size_t max_depth_ = 0;
    std::vector<std::uint64_t> above_;  ///< hashes of the names above patterns, in order, without the root
    bool root_is_above_ = false;
    RouteIndex catch_all_ = no_route;  ///< the route of `*`
    SectionChoices choices_;             ///< of patterns with sections for some
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
    Probe(dns::Bytes name, std::size_t depth, const net::KeyedHash& hash) noexcept;
    void find_labels(std::size_t depth, const net::KeyedHash& hash) noexcept;
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
