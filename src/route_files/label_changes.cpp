// SPDX-License-Identifier: MIT
#include "route_files/label_changes.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "net/keyed_hash.hpp"

namespace dproxy::config {

namespace {

struct Section {
    const routing::RouteFile* file;
    std::uint32_t index;
};
/// Sections that may be new, gone or different, by what is equal where labels are. In force, a label stands once.
using Sections = std::unordered_map<std::string_view, Section, net::TextHash>;
using Files = std::unordered_map<std::string_view, const routing::RouteFile*, net::TextHash>;

/// The labels of one kind of change: the first ones are kept, the others counted.
class FirstLabels {
public:
    void add(const Section& section) {
        ++count_;
        label_.clear();
        section.file->append_label(label_, section.index);
        if (named_.size() < max_named_labels) {
            named_.push_back(label_);
        } else if (label_ < named_.front()) {
            std::pop_heap(named_.begin(), named_.end());
            named_.back() = label_;
        } else {
            return;
        }
        std::push_heap(named_.begin(), named_.end());
    }

    LabelList list() {
        std::sort_heap(named_.begin(), named_.end());
        const std::size_t more = count_ - named_.size();
        return {std::move(named_), more};
    }

private:
    std::vector<std::string> named_;  ///< a heap, the last one by its bytes first
    std::size_t count_ = 0;
    std::string label_;
};

bool is_left_out(const RoutesInForce& routes, const std::string& file, std::uint32_t line) {
    if (routes.left_out.empty()) return false;
    const auto at = std::lower_bound(routes.left_out.begin(), routes.left_out.end(), line,
                                     [&file](const routing::Duplicate& duplicate, std::uint32_t wanted) {
                                         return std::tie(duplicate.file, duplicate.line) < std::tie(file, wanted);
                                     });
    return at != routes.left_out.end() && at->file == file && at->line == line;
}

void add_file(const RoutesInForce& routes, const routing::RouteFile& file, std::uint32_t from, Sections& sections) {
    for (std::uint32_t index = from; index < file.section_count(); ++index) {
        if (is_left_out(routes, file.name(), file.line(index))) continue;
        sections.insert_or_assign(file.label_identity(index), Section{&file, index});
    }
}

/// The section that begins in that line. By hand, as Clang 14 does not take the ranges of GCC 12's library.
std::optional<std::uint32_t> section_at(const routing::RouteFile& file, std::uint32_t line) {
    std::uint32_t first = 0, end = file.section_count();
    while (first < end) {
        const std::uint32_t middle = first + (end - first) / 2;
        if (file.line(middle) < line) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    if (first == file.section_count() || file.line(first) != line) return std::nullopt;
    return first;
}

/// In files that did not change, a section comes into force, or leaves it, by what other files say.
void add_freed(const RoutesInForce& blocked, const RoutesInForce& free, const Files& untouched,
               Sections& sections) {
    for (const auto& duplicate : blocked.left_out) {
        const auto found = untouched.find(duplicate.file);
        if (found == untouched.end() || is_left_out(free, duplicate.file, duplicate.line)) continue;
        const routing::RouteFile& file = *found->second;
        if (const auto at = section_at(file, duplicate.line)) {
            sections.insert_or_assign(file.label_identity(*at), Section{&file, *at});
        }
    }
}

bool is_same(const Section& a, const Section& b) {
    const auto& one = a.file->settings(a.index);
    const auto& other = b.file->settings(b.index);
    if (a.file->list(a.index) != b.file->list(b.index)) return false;  // one that is the same is not made anew
    return a.file->name() == b.file->name() && (one == other || *one == *other);
}

bool has_left_out(const RoutesInForce& routes, const std::string& file) {
    const auto at = std::lower_bound(
        routes.left_out.begin(), routes.left_out.end(), file,
        [](const routing::Duplicate& duplicate, const std::string& wanted) { return duplicate.file < wanted; });
    return at != routes.left_out.end() && at->file == file;
}

/// Two versions of a file, as far as they have the same labels in the same order, which is usually to their ends.
/// Returns the number of the first section that differs.
std::uint32_t compare_beginning(const routing::RouteFile& old, const routing::RouteFile& now, FirstLabels& changed) {
    const std::uint32_t count = std::min(old.section_count(), now.section_count());
    for (std::uint32_t index = 0; index < count; ++index) {
        if (old.label_identity(index) != now.label_identity(index)) return index;
        const Section section{&now, index};
        if (!is_same(section, {&old, index})) changed.add(section);
    }
    return count;
}

/// What two lists of files do not share: sections that may be new, gone or different.
struct Difference {
    Files untouched;  ///< files that are the same in both
    Sections then;
    Sections now;
};

Difference find_difference(const RoutesInForce& before, const RoutesInForce& after, FirstLabels& changed) {
    Difference difference;
    Files old_files;
    for (const auto& file : before.files) old_files.emplace(file->name(), file.get());
    for (const auto& file : after.files) {
        const auto known = old_files.find(file->name());
        const routing::RouteFile* old = known == old_files.end() ? nullptr : known->second;
        if (old != nullptr) old_files.erase(known);
        if (old == file.get()) {
            difference.untouched.emplace(file->name(), old);
            continue;
        }
        const bool in_part = has_left_out(before, file->name()) || has_left_out(after, file->name());
        const std::uint32_t from = old == nullptr || in_part ? 0 : compare_beginning(*old, *file, changed);
        if (old != nullptr) add_file(before, *old, from, difference.then);
        add_file(after, *file, from, difference.now);
    }
    for (const auto& [name, file] : old_files) add_file(before, *file, 0, difference.then);
    return difference;
}

}  // namespace

LabelChanges changes_between(const RoutesInForce& before, const RoutesInForce& after) {
    FirstLabels added;
    FirstLabels changed;
    FirstLabels removed;
    if (before.files.empty()) {
        // The first load: all are new, and need not be told apart.
        for (const auto& file : after.files) {
            for (std::uint32_t index = 0; index < file->section_count(); ++index) {
                if (!is_left_out(after, file->name(), file->line(index))) added.add({file.get(), index});
            }
        }
        return {added.list(), {}, {}};
    }
    auto [untouched, then, now] = find_difference(before, after, changed);
    add_freed(before, after, untouched, now);
    add_freed(after, before, untouched, then);
    for (const auto& [label, section] : now) {
        const auto old = then.find(label);
        if (old == then.end()) {
            added.add(section);
        } else if (!is_same(section, old->second)) {
            changed.add(section);
        }
    }
    for (const auto& [label, section] : then) {
        if (!now.contains(label)) removed.add(section);
    }
    return {added.list(), changed.list(), removed.list()};
}

}  // namespace dproxy::config
