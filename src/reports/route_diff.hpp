// SPDX-License-Identifier: MIT
// Which names go elsewhere, pattern by pattern, when one set of routes takes the place of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "reports/route_set.hpp"

namespace dproxy::config {

/// Of a diff as Markdown, for the comment of a pull request: GitHub takes 65,536 bytes.
inline constexpr std::size_t max_markdown_rows = 200;
inline constexpr std::size_t max_markdown_bytes = 60'000;

/// A pattern that is only in the new set, only in the old one, or in both with another destination.
struct RouteChange {
    enum class Kind : std::uint8_t { added, removed, changed };
    Kind kind = Kind::added;
    std::uint32_t entry = 0;  ///< in the new set; of a removed pattern, in the old one
};

/// Who takes the names of a pattern in the other set.
struct Taker {
    const RouteSet* set = nullptr;
    std::uint32_t entry = RouteSet::none;  ///< none: no pattern; the names go where names without a route go
};

/// The comparison of two sets, which have to outlive it.
class RouteDiff {
public:
    /// `otherwise` is where names without a route go, on both sides: JSON, as `/routes` tells it.
    RouteDiff(const RouteSet& before, const RouteSet& after, std::string otherwise);

    /// Those by which a name goes elsewhere: in the order of the new set, then the removed ones in that of the old. Of
    /// each name that has another destination, one of the two patterns that take it is among them.
    const std::vector<RouteChange>& changes() const { return changes_; }
    std::size_t count(RouteChange::Kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
    /// Patterns that came or went, and whose names go where they went.
    std::size_t unmoved() const { return unmoved_; }

    /// Where the names of a changed pattern went, and where they go. One of both lists is the pattern itself; the other
    /// has more than one entry where sections for some clients or types share the names.
    std::vector<Taker> before(const RouteChange& change) const;
    std::vector<Taker> after(const RouteChange& change) const;
    const RouteSet::Entry& entry(const RouteChange& change) const;
    const Audience& audience(const RouteChange& change) const;
    std::string_view destination(const Taker& taker) const;

private:
    void find_changes();
    bool moves(const RouteSet& from, std::uint32_t entry, const RouteSet& to) const;
    void add(RouteChange::Kind kind, std::size_t entry);

    const RouteSet& before_;
    const RouteSet& after_;
    std::string otherwise_;
    std::vector<RouteChange> changes_;
    std::size_t counts_[3] = {};
    std::size_t unmoved_ = 0;
};

/// A line for each change, and one that counts them.
void write_diff_text(const RouteDiff& diff, std::ostream& out);
/// The same as one object, documented in docs/operations.md.
void write_diff_json(const RouteDiff& diff, std::ostream& out);
/// A table of at most max_markdown_rows and max_markdown_bytes, and how many more there are.
void write_diff_markdown(const RouteDiff& diff, std::ostream& out);

}  // namespace dproxy::config
