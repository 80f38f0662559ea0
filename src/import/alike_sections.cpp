// SPDX-License-Identifier: MIT
#include "import/alike_sections.hpp"

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "net/keyed_hash.hpp"
#include "route_files/list_file.hpp"

namespace dproxy::foreign {
namespace {

/// Sections with the same keys.
struct Group {
    std::size_t first = 0;     ///< in the list of sections
    std::size_t patterns = 0;  ///< of all of them
    std::vector<std::string> taken;
};

std::string keys_of(const Section& section) {
    std::string text;
    for (const auto& [key, value] : section.keys) text += key + '=' + value + '\n';
    return text;
}

class Lists {
public:
    explicit Lists(std::string_view called) : called_(called) {}

    /// The group as a section, or as several.
    void write(Group& group, std::uint32_t line, const std::vector<std::pair<std::string, std::string>>& keys,
               std::vector<Section>& sections) {
        for (std::size_t at = 0; at < group.taken.size();) {
            Section section{line, {std::move(group.taken[at++])}, keys};
            std::string text;
            for (; at < group.taken.size() && text.size() + group.taken[at].size() < config::max_list_file_size; ++at) {
                text += group.taken[at] + '\n';
            }
            if (!text.empty()) {
                lists_.push_back({called_ + '-' + std::to_string(lists_.size() + 1) + ".txt", std::move(text)});
                section.set("patterns", lists_.back().name);
            }
            sections.push_back(std::move(section));
        }
    }

    std::vector<List> take() { return std::move(lists_); }

private:
    std::string called_;
    std::vector<List> lists_;
};

}  // namespace

std::vector<List> take_lists(std::vector<Section>& sections, std::string_view called) {
    std::unordered_map<std::string, Group, net::TextHash, std::equal_to<>> groups;
    std::vector<Group*> group_of;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const auto [at, is_new] = groups.try_emplace(keys_of(sections[i]));
        if (is_new) at->second.first = i;
        at->second.patterns += sections[i].patterns.size();
        group_of.push_back(&at->second);
    }
    const auto is_listed = [](const Group& group) { return group.patterns >= patterns_worth_a_list; };
    for (std::size_t i = 0; i < sections.size(); ++i) {
        if (!is_listed(*group_of[i])) continue;
        for (auto& pattern : sections[i].patterns) group_of[i]->taken.push_back(std::move(pattern));
    }
    Lists lists(called);
    std::vector<Section> written;
    for (std::size_t i = 0; i < sections.size(); ++i) {
        if (!is_listed(*group_of[i])) {
            written.push_back(std::move(sections[i]));
        } else if (group_of[i]->first == i) {
            lists.write(*group_of[i], sections[i].line, sections[i].keys, written);
        }
    }
    sections = std::move(written);
    return lists.take();
}

}  // namespace dproxy::foreign
