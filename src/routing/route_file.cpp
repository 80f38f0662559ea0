// SPDX-License-Identifier: MIT
#include "routing/route_file.hpp"

#include <cassert>
#include <limits>
#include <utility>

namespace dproxy::routing {
namespace {

constexpr std::size_t section_head = 4;  // length of the label, number of patterns

}  // namespace

std::string_view RouteFile::label(std::uint32_t section) const {
    const std::uint8_t* at = bytes_.data() + sections_[section].offset;
    return {reinterpret_cast<const char*>(at + section_head), dns::read_u16(at)};
}

RouteFile::Patterns RouteFile::patterns(std::uint32_t section) const {
    const std::uint8_t* at = bytes_.data() + sections_[section].offset;
    return {at + section_head + dns::read_u16(at), dns::read_u16(at + 2)};
}

std::size_t RouteFile::memory_bytes() const {
    return sizeof *this + name_.capacity() + sections_.capacity() * sizeof(Section) + bytes_.capacity() +
           settings_.capacity() * sizeof settings_[0];
}

RouteFileBuilder::RouteFileBuilder(std::string file_name) : file_(std::make_shared<RouteFile>()) {
    file_->name_ = std::move(file_name);
}

void RouteFileBuilder::begin_section(std::uint32_t line, std::string_view label,
                                     std::shared_ptr<const RouteSettings> settings) {
    assert(settings && label.size() <= std::numeric_limits<std::uint16_t>::max());
    const auto next = static_cast<std::uint32_t>(file_->settings_.size());
    const auto [known, added] = settings_index_.try_emplace(settings.get(), next);
    if (added) file_->settings_.push_back(std::move(settings));

    std::vector<std::uint8_t>& bytes = file_->bytes_;
    assert(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
    file_->sections_.push_back({line, static_cast<std::uint32_t>(bytes.size()), known->second});
    bytes.resize(bytes.size() + section_head);
    dns::write_u16(bytes.data() + bytes.size() - section_head, static_cast<std::uint16_t>(label.size()));
    bytes.insert(bytes.end(), label.begin(), label.end());
}

void RouteFileBuilder::add_pattern(PatternKind kind, const dns::Name& name) {
    assert(!file_->sections_.empty() && (kind == PatternKind::below || !name.is_root()));
    std::vector<std::uint8_t>& bytes = file_->bytes_;
    std::uint8_t* count = bytes.data() + file_->sections_.back().offset + 2;
    assert(dns::read_u16(count) < std::numeric_limits<std::uint16_t>::max());
    dns::write_u16(count, static_cast<std::uint16_t>(dns::read_u16(count) + 1));

    const dns::Bytes wire = name.wire();
    bytes.push_back(static_cast<std::uint8_t>(kind));
    bytes.push_back(static_cast<std::uint8_t>(wire.size()));
    bytes.insert(bytes.end(), wire.begin(), wire.end());
    ++file_->pattern_count_;
}

std::shared_ptr<const RouteFile> RouteFileBuilder::finish() {
    file_->sections_.shrink_to_fit();
    file_->bytes_.shrink_to_fit();
    file_->settings_.shrink_to_fit();
    return std::move(file_);
}

}  // namespace dproxy::routing
