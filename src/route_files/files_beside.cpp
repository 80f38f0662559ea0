// SPDX-License-Identifier: MIT
#include "route_files/files_beside.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "dns/name.hpp"
#include "ini/excerpt.hpp"
#include "ini/ini_reader.hpp"
#include "route_files/shown_name.hpp"

namespace dproxy::config {
namespace {

/// A word in lower case that is looked for in any case.
class Word {
public:
    explicit constexpr Word(std::string_view word) : word_(word) {
        steps_.fill(static_cast<std::uint8_t>(word.size()));
        for (std::size_t at = 0; at + 1 < word.size(); ++at) {
            const auto step = static_cast<std::uint8_t>(word.size() - 1 - at);
            const auto letter = static_cast<unsigned char>(word[at]);
            steps_[letter] = step;
            if (letter >= 'a' && letter <= 'z') steps_[letter - ('a' - 'A')] = step;
        }
    }

    bool is_in(std::string_view text) const {
        for (std::size_t end = word_.size(); end <= text.size();) {
            const std::string_view there = text.substr(end - word_.size(), word_.size());
            const auto matches = [](char a, char b) { return dns::to_lower(static_cast<std::uint8_t>(a)) == b; };
            if (std::equal(there.begin(), there.end(), word_.begin(), matches)) return true;
            end += steps_[static_cast<unsigned char>(there.back())];
        }
        return false;
    }

private:
    std::string_view word_;
    /// How far the word may be moved on where its last letter stands on another one (Horspool): most bytes of a file
    /// are never looked at.
    std::array<std::uint8_t, 256> steps_{};
};

constexpr Word of_lists("patterns"), of_texts("tls_");

bool may_name_files(std::string_view text) { return of_lists.is_in(text) || of_texts.is_in(text); }

bool is_of_text(std::string_view key) { return key == "tls_ca" || key == "tls_cert" || key == "tls_key"; }

}  // namespace

std::string name_beside_fault(std::string_view name, std::string_view extension) {
    constexpr std::string_view expected = "; expected the name of a text file beside this one";
    if (name.empty()) return "nothing was found" + std::string(expected);
    const std::string found = excerpt(name) + " was found" + std::string(expected);
    if (name.find('/') != std::string_view::npos) return found + ", without a path";
    if (name.front() == '.') return found + ", that does not begin with a dot";
    if (name.size() > max_name_beside_length) {
        return found + ", of at most " + std::to_string(max_name_beside_length) + " bytes";
    }
    if (!is_showable(name)) return found + ", in UTF-8 without control characters";
    if (!extension.empty() && name.ends_with(extension)) {
        return found + ", that does not end in " + excerpt(extension) + " as route files do";
    }
    return {};
}

FilesBeside files_named_in(std::string_view text, std::string_view extension) {
    FilesBeside files;
    if (!may_name_files(text)) return files;
    IniParts parts(text);
    for (auto part = parts.next(); part; part = parts.next()) {
        if (!may_name_files(part->body)) continue;
        for (const IniEvent& event : read_ini(part->text(), part->line)) {
            if (event.kind != IniEvent::Kind::key) continue;
            const bool is_list = event.key == "patterns";
            if ((!is_list && !is_of_text(event.key)) || !name_beside_fault(event.text, extension).empty()) continue;
            auto& names = is_list ? files.lists : files.texts;
            if (std::find(names.begin(), names.end(), event.text) == names.end()) names.emplace_back(event.text);
        }
    }
    return files;
}

}  // namespace dproxy::config
