// SPDX-License-Identifier: MIT
#include "config/label_changes.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace dproxy::config {

namespace {

struct Section {
    const routing::RouteFile* file;
    std::uint32_t index;
};
/// Sections that may be new, gone or different, by label. In force, a label stands once.
using Sections = std::unordered_map<std::string_view, Section>;

bool is_left_out(const RoutesInForce& routes, const std::string& file, std::uint32_t line) {
    const auto at = std::lower_bound(routes.left_out.begin(), routes.left_out.end(), line,
                                     [&file](const routing::Duplicate& duplicate, std::uint32_t wanted) {
                                         return std::tie(duplicate.file, duplicate.line) < std::tie(file, wanted);
                                     });
    return at != routes.left_out.end() && at->file == file && at->line == line;
}

void add_file(const RoutesInForce& routes, const routing::RouteFile& file, Sections& sections) {
    for (std::uint32_t index = 0; index < file.section_count(); ++index) {
        if (is_left_out(routes, file.name(), file.line(index))) continue;
        sections.insert_or_assign(file.label(index), Section{&file, index});
    }
}

using Untouched = std::unordered_map<std::string_view, const routing::RouteFile*>;

/// In files that did not change, a section comes into force, or leaves it, by what other files say.
void add_freed(const RoutesInForce& blocked, const RoutesInForce& free, const Untouched& untouched,
               Sections& sections) {
    for (const auto& duplicate : blocked.left_out) {
        const auto found = untouched.find(duplicate.file);
        if (found == untouched.end() || is_left_out(free, duplicate.file, duplicate.line)) continue;
        const routing::RouteFile& file = *found->second;
        for (std::uint32_t index = 0; index < file.section_count(); ++index) {
            if (file.line(index) == duplicate.line) sections.insert_or_assign(file.label(index), Section{&file, index});
        }
    }
}

bool is_same(const Section& a, const Section& b) {
    const auto& one = a.file->settings(a.index);
    const auto& other = b.file->settings(b.index);
    return a.file->name() == b.file->name() && (one == other || *one == *other);
}

LabelList shortened(std::vector<std::string_view> labels) {
    const std::size_t count = std::min(labels.size(), max_named_labels);
    const auto end = labels.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(labels.begin(), end, labels.end());
    return {{labels.begin(), end}, labels.size() - count};
}

}  // namespace

LabelChanges changes_between(const RoutesInForce& before, const RoutesInForce& after) {
    std::unordered_set<const routing::RouteFile*> old_files;
    for (const auto& file : before.files) old_files.insert(file.get());
    Untouched untouched;
    Sections now;
    for (const auto& file : after.files) {
        if (old_files.contains(file.get())) {
            untouched.emplace(file->name(), file.get());
        } else {
            add_file(after, *file, now);
        }
    }
    Sections then;
    for (const auto& file : before.files) {
        if (!untouched.contains(file->name())) add_file(before, *file, then);
    }
    add_freed(before, after, untouched, now);
    add_freed(after, before, untouched, then);

    std::vector<std::string_view> added;
    std::vector<std::string_view> changed;
    std::vector<std::string_view> removed;
    for (const auto& [label, section] : now) {
        const auto old = then.find(label);
        if (old == then.end()) {
            added.push_back(label);
        } else if (!is_same(section, old->second)) {
            changed.push_back(label);
        }
    }
    for (const auto& [label, section] : then) {
        if (!now.contains(label)) removed.push_back(label);
    }
    return {shortened(std::move(added)), shortened(std::move(changed)), shortened(std::move(removed))};
}

}  // namespace dproxy::config
