// SPDX-License-Identifier: MIT
#include "routing/route_file.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "routing/pattern_text.hpp"

namespace dproxy::routing {
namespace {

constexpr std::size_t count_size = 2;
constexpr std::size_t length_size = 2;  // of a label

bool has_label(const std::uint8_t* section) { return (dns::read_u16(section) & 1) != 0; }

const std::uint8_t* patterns_of(const std::uint8_t* section) {
    if (!has_label(section)) return section + count_size;
    return section + count_size + length_size + dns::read_u16(section + count_size);
}

void append_u16(std::vector<std::uint8_t>& bytes, std::size_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

std::string RouteFile::label(std::uint32_t section) const {
    std::string text;
    append_label(text, section);
    return text;
}

void RouteFile::append_label(std::string& text, std::uint32_t section) const {
    append_label(text, section, std::numeric_limits<std::size_t>::max());
}

void RouteFile::append_label(std::string& text, std::uint32_t section, std::size_t most) const {
    const std::uint8_t* at = bytes_.data() + sections_[section].offset;
    if (has_label(at)) {
        const std::size_t length = std::min<std::size_t>(dns::read_u16(at + count_size), most);
        text.append(reinterpret_cast<const char*>(at + count_size + length_size), length);
        return;
    }
    const std::size_t begin = text.size();
    for (const Pattern pattern : own_patterns(section)) {
        if (text.size() - begin >= most) break;
        if (text.size() > begin) text += ' ';
        append_pattern_text(text, pattern.kind, pattern.name);
    }
    if (text.size() - begin > most) text.resize(begin + most);
}

std::string_view RouteFile::label_identity(std::uint32_t section) const {
    // Without a label of its own the patterns are the label; with one, the label says what the patterns are.
    const std::size_t begin = sections_[section].offset;
    const std::size_t end = section + 1 < sections_.size() ? sections_[section + 1].offset : bytes_.size();
    return {reinterpret_cast<const char*>(bytes_.data() + begin), end - begin};
}

RouteFile::Patterns RouteFile::patterns(std::uint32_t section) const {
    const std::uint8_t* at = bytes_.data() + sections_[section].offset;
    return {patterns_of(at), dns::read_u16(at) / 2u, list(section)};
}

RouteFile::Patterns RouteFile::own_patterns(std::uint32_t section) const {
    const std::uint8_t* at = bytes_.data() + sections_[section].offset;
    return {patterns_of(at), dns::read_u16(at) / 2u, nullptr};
}

const PatternList* RouteFile::list(std::uint32_t section) const {
    if (lists_.empty()) return nullptr;
    const auto at = std::lower_bound(lists_.begin(), lists_.end(), section,
                                     [](const ListOf& one, std::uint32_t wanted) { return one.section < wanted; });
    return at != lists_.end() && at->section == section ? at->list.get() : nullptr;
}

std::size_t RouteFile::memory_bytes() const {
    return sizeof *this + name_.capacity() + sections_.capacity() * sizeof(Section) + bytes_.capacity() +
           settings_.capacity() * sizeof settings_[0] + lists_.capacity() * sizeof lists_[0];
}

RouteFileBuilder::RouteFileBuilder(std::string file_name) : file_(std::make_shared<RouteFile>()) {
    file_->name_ = std::move(file_name);
}

void RouteFileBuilder::begin_section(std::uint32_t line, std::string_view label,
                                     std::shared_ptr<const RouteSettings> settings) {
    assert(settings && label.size() <= std::numeric_limits<std::uint16_t>::max());
    end_section();
    const auto next = static_cast<std::uint32_t>(file_->settings_.size());
    std::uint32_t index = next;
    // Neighbours often share their settings.
    if (next > 0 && file_->settings_.back() == settings) {
        index = next - 1;
    } else {
        const auto [known, added] = settings_index_.try_emplace(settings.get(), next);
        index = known->second;
        if (added) file_->settings_.push_back(std::move(settings));
    }
    assert(file_->bytes_.size() <= std::numeric_limits<std::uint32_t>::max());
    file_->sections_.push_back({line, static_cast<std::uint32_t>(file_->bytes_.size()), index});
    label_ = label;
}

void RouteFileBuilder::add_pattern(PatternKind kind, const dns::Name& name) {
    assert(!file_->sections_.empty() && (kind == PatternKind::below || !name.is_root()));
    const dns::Bytes wire = name.wire();
    const std::size_t at = patterns_.size();
    patterns_.resize(at + 2 + wire.size());
    patterns_[at] = static_cast<std::uint8_t>(kind);
    patterns_[at + 1] = static_cast<std::uint8_t>(wire.size());
    std::copy(wire.begin(), wire.end(), patterns_.begin() + static_cast<std::ptrdiff_t>(at + 2));
    if (section_patterns_ > 0) written_out_ += ' ';
    append_pattern_text(written_out_, kind, wire);
    ++section_patterns_;
    ++file_->pattern_count_;
}

void RouteFileBuilder::set_list(std::shared_ptr<const PatternList> list) {
    assert(list && !file_->sections_.empty());
    file_->lists_.push_back({static_cast<std::uint32_t>(file_->sections_.size() - 1), std::move(list)});
}

/// The label is kept where it says more than the patterns do: most say the same, and a million of them are large.
void RouteFileBuilder::end_section() {
    if (file_->sections_.empty()) return;
    assert(section_patterns_ <= std::numeric_limits<std::int16_t>::max());
    std::vector<std::uint8_t>& bytes = file_->bytes_;
    const bool is_plain = written_out_ == label_;
    append_u16(bytes, 2 * std::size_t{section_patterns_} + (is_plain ? 0 : 1));
    if (!is_plain) {
        append_u16(bytes, label_.size());
        bytes.insert(bytes.end(), label_.begin(), label_.end());
    }
    bytes.insert(bytes.end(), patterns_.begin(), patterns_.end());
    section_patterns_ = 0;
    patterns_.clear();
    written_out_.clear();
}

std::shared_ptr<const RouteFile> RouteFileBuilder::finish() {
    end_section();
    file_->sections_.shrink_to_fit();
    file_->bytes_.shrink_to_fit();
    file_->settings_.shrink_to_fit();
    file_->lists_.shrink_to_fit();
    return std::move(file_);
}

}  // namespace dproxy::routing
