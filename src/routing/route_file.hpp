// SPDX-License-Identifier: MIT
// What one .prox file says, parsed: sections with their patterns and settings. Immutable once built and
// shared by every table that has the file: an unchanged file is not copied, and the last good version
// of a broken one is the old pointer. Any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "routing/pattern_kind.hpp"
#include "routing/pattern_list.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// One pattern of a section. `name` is on the wire, in lower case, and points into the RouteFile or its PatternList.
struct Pattern {
    PatternKind kind = PatternKind::exact;
    dns::Bytes name;
};

class RouteFile {
public:
    /// The patterns of a section, for a range-for: its own, and those of its list after them.
    class Patterns {
    public:
        class iterator {
        public:
            iterator(const std::uint8_t* at, std::uint32_t left, const std::uint8_t* list, std::uint32_t listed)
                : at_(at), left_(left), list_(list), listed_(listed) {}
            Pattern operator*() const { return {PatternKind{at_[0]}, {at_ + 2, at_[1]}}; }
            iterator& operator++() {
                at_ += 2 + at_[1];
                if (--left_ == listed_) at_ = list_;
                return *this;
            }
            bool operator==(const iterator& other) const { return left_ == other.left_; }

        private:
            const std::uint8_t* at_;
            std::uint32_t left_;  ///< with those of the list
            const std::uint8_t* list_;
            std::uint32_t listed_;
        };
        Patterns(const std::uint8_t* at, std::uint32_t own, const PatternList* list)
            : at_(at), own_(own), list_(list != nullptr ? list->data() : nullptr),
              listed_(list != nullptr ? list->size() : 0) {}
        iterator begin() const { return {own_ > 0 ? at_ : list_, size(), list_, listed_}; }
        iterator end() const { return {at_, 0, list_, listed_}; }
        std::uint32_t size() const { return own_ + listed_; }

    private:
        const std::uint8_t* at_;
        std::uint32_t own_;
        const std::uint8_t* list_;
        std::uint32_t listed_;
    };
    /// The list that a section names.
    struct ListOf {
        std::uint32_t section;
        std::shared_ptr<const PatternList> list;
    };

    /// As the messages write it, `directory/name`.
    const std::string& name() const { return name_; }
    std::uint32_t section_count() const { return static_cast<std::uint32_t>(sections_.size()); }
    /// Of all sections, without those of lists; `.x` counts once.
    std::uint32_t pattern_count() const { return pattern_count_; }
    std::uint32_t line(std::uint32_t section) const { return sections_[section].line; }
    /// The section as written, single spaces between patterns.
    std::string label(std::uint32_t section) const;
    /// The same behind what stands in `text`: for walks over many.
    void append_label(std::string& text, std::uint32_t section) const;
    /// No more than `most` bytes of it. `text` needs room for one pattern_text_room more, to be allocated no other.
    void append_label(std::string& text, std::uint32_t section, std::size_t most) const;
    /// Bytes that are equal where labels are, in any file, and only there; into the file.
    std::string_view label_identity(std::uint32_t section) const;
    Patterns patterns(std::uint32_t section) const;
    /// Those of the header alone.
    Patterns own_patterns(std::uint32_t section) const;
    /// Null where the section names none.
    const PatternList* list(std::uint32_t section) const;
    /// In the order of the sections.
    const std::vector<ListOf>& lists() const { return lists_; }
    /// Into settings_list().
    std::uint32_t settings_index(std::uint32_t section) const { return sections_[section].settings; }
    const std::shared_ptr<const RouteSettings>& settings(std::uint32_t section) const {
        return settings_[settings_index(section)];
    }
    /// The settings in use, each once.
    const std::vector<std::shared_ptr<const RouteSettings>>& settings_list() const { return settings_; }
    /// Bytes held, without settings and lists, which files share.
    std::size_t memory_bytes() const;

private:
    friend class RouteFileBuilder;
    struct Section {
        std::uint32_t line;
        std::uint32_t offset;    ///< into bytes_
        std::uint32_t settings;  ///< into settings_
    };

    std::string name_;
    std::vector<Section> sections_;
    /// For each section: twice the number of patterns (2 bytes), plus one where the label is not what the patterns
    /// say when they are written out; its length then (2) and the label itself. For each pattern: its kind (1), the
    /// length of its name (1), its name.
    std::vector<std::uint8_t> bytes_;
    std::vector<std::shared_ptr<const RouteSettings>> settings_;
    std::vector<ListOf> lists_;  ///< apart, as few sections have one
    std::uint32_t pattern_count_ = 0;
};

/// Makes a RouteFile, section by section, in the order of the lines.
class RouteFileBuilder {
public:
    explicit RouteFileBuilder(std::string file_name);

    /// The label holds at most 65,535 bytes (a line of a file holds 4,096), a section at most 32,767 own patterns.
    void begin_section(std::uint32_t line, std::string_view label, std::shared_ptr<const RouteSettings> settings);
    /// More patterns of the section begun last, after its own.
    void set_list(std::shared_ptr<const PatternList> list);
    /// To the section begun last. `name` is in lower case; the root goes with `below` only.
    void add_pattern(PatternKind kind, const dns::Name& name);
    /// To be called once, last.
    std::shared_ptr<const RouteFile> finish();

private:
    void end_section();

    std::shared_ptr<RouteFile> file_;
    std::string label_;                   ///< of the section begun last
    std::uint32_t section_patterns_ = 0;  ///< of the same
    std::vector<std::uint8_t> patterns_;  ///< of the same, as they are stored
    std::string written_out_;             ///< kept for its room
    std::unordered_map<const RouteSettings*, std::uint32_t> settings_index_;
};

}  // namespace dproxy::routing
