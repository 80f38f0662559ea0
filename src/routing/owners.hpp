// SPDX-License-Identifier: MIT
// Which directory of route files may name what: teams that share one dproxy. Built once from the settings, then
// immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "net/keyed_hash.hpp"
#include "routing/pattern_kind.hpp"

namespace dproxy::routing {

class Owners {
public:
    /// In a pair: every directory.
    static constexpr std::string_view every_directory = "*";
    /// Files of a location itself, outside of its subdirectories.
    static constexpr std::string_view location_itself = ".";

    /// The directory may name what is at or below the pattern's name; below it alone, where the pattern is a wildcard.
    void add(std::string_view directory, PatternKind kind, const dns::Name& name);
    /// Without a pair all may name all.
    bool empty() const { return pairs_ == 0; }
    std::size_t size() const { return pairs_; }

    /// Why the files of a directory may not have the pattern, as the end of a sentence: who owns it, or what they may
    /// name instead. Empty: they may. A directory without a pair may name what nobody owns. `name` is in lower case.
    std::string refusal(std::string_view directory, PatternKind kind, dns::Bytes name) const;

private:
    struct Pair {
        std::uint32_t directory;
        PatternKind kind;
    };
    struct Directory {
        std::string name;
        std::vector<std::string> patterns;  ///< the first ones, as they are told
        std::size_t count = 0;
    };
    static constexpr std::size_t patterns_told = 3;

    using Text = std::unordered_map<std::string, std::vector<Pair>, net::TextHash, std::equal_to<>>;
    const Directory* find_directory(std::string_view name) const;

    std::vector<Directory> directories_;
    std::unordered_map<std::string, std::uint32_t, net::TextHash, std::equal_to<>> numbers_;
    Text owned_;  ///< by the name on the wire
    std::size_t pairs_ = 0;
};

}  // namespace dproxy::routing
