// SPDX-License-Identifier: MIT
#include "settings/owner_pairs.hpp"

#include <string>
#include <utility>

#include "dns/name.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::config {
namespace {

using routing::Owners;
using routing::PatternKind;

/// Empty, or what is wrong with the pair.
std::string add_pair(std::string_view pair, Owners& owners) {
    const std::string expected =
        " was found; expected pairs of directory and pattern, such as `team-a=.team-a.example`";
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return excerpt(pair) + expected;
    const std::string_view directory = pair.substr(0, equals);
    const bool is_hidden = directory.front() == '.' && directory != Owners::location_itself;
    if (is_hidden || directory.find('/') != std::string_view::npos) {
        return excerpt(directory) + " was found; expected the name of a subdirectory, without a path, `" +
               std::string(Owners::location_itself) + "` or `" + std::string(Owners::every_directory) + '`';
    }
    std::string_view name = pair.substr(equals + 1);
    PatternKind kind = PatternKind::exact;
    if (name == "*" || name == ".") {
        owners.add(directory, PatternKind::below, {});
        return {};
    }
    if (name.starts_with("*.")) {
        kind = PatternKind::below;
        name.remove_prefix(2);
    } else if (name.starts_with('.')) {
        kind = PatternKind::both;
        name.remove_prefix(1);
    }
    const auto parsed = dns::Name::parse(name, true);
    if (parsed.fault || parsed.name.is_root() || name.find('*') != std::string_view::npos) {
        return excerpt(pair) + expected;
    }
    owners.add(directory, kind, parsed.name);
    return {};
}

}  // namespace

Parsed<Owners> parse_owners(std::string_view text) {
    Owners owners;
    std::string fault;
    for_each_item(text, [&](std::string_view pair) {
        if (fault.empty() && owners.size() < max_owner_pairs) {
            fault = add_pair(pair, owners);
        } else if (fault.empty()) {
            fault = "more than " + std::to_string(max_owner_pairs) + " pairs were found; expected at most so many";
        }
    });
    if (!fault.empty()) return Parsed<Owners>::bad(std::move(fault));
    return Parsed<Owners>::good(std::move(owners));
}

}  // namespace dproxy::config
