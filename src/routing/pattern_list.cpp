// SPDX-License-Identifier: MIT
#include "routing/pattern_list.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <limits>
#include <utility>

namespace dproxy::routing {

namespace {

constexpr std::size_t head_size = 2;  ///< of a pattern, before its name

}  // namespace

bool PatternList::holds(const std::uint8_t* name) const {
    const std::uint8_t* begin = bytes_.data();
    return !std::less<>()(name, begin) && std::less<>()(name, begin + bytes_.size());
}

std::uint32_t PatternList::line(const std::uint8_t* name) const {
    assert(holds(name));
    const auto wanted = static_cast<std::uint32_t>(name - bytes_.data());
    auto mark = std::upper_bound(marks_.begin(), marks_.end(), wanted,
                                 [](std::uint32_t offset, const Mark& other) { return offset < other.offset; });
    --mark;
    std::uint32_t line = mark->line;
    for (std::size_t at = mark->offset; at + head_size < wanted; at += head_size + bytes_[at + 1]) ++line;
    return line;
}

std::size_t PatternList::memory_bytes() const {
    return sizeof *this + name_.capacity() + bytes_.capacity() + marks_.capacity() * sizeof(Mark);
}

PatternListBuilder::PatternListBuilder(std::string name, std::size_t bytes) : list_(std::make_shared<PatternList>()) {
    list_->name_ = std::move(name);
    list_->bytes_.reserve(bytes);
}

void PatternListBuilder::add(std::uint32_t line, PatternKind kind, const dns::Name& name) {
    assert(kind == PatternKind::below || !name.is_root());
    std::vector<std::uint8_t>& bytes = list_->bytes_;
    const dns::Bytes wire = name.wire();
    assert(bytes.size() + head_size + wire.size() <= std::numeric_limits<std::uint32_t>::max());
    if (line != next_line_ || since_mark_ == PatternList::patterns_between_marks) {
        list_->marks_.push_back({static_cast<std::uint32_t>(bytes.size()), line});
        since_mark_ = 0;
    }
    next_line_ = line + 1;
    ++since_mark_;
    ++list_->count_;
    const std::size_t at = bytes.size();
    bytes.resize(at + head_size + wire.size());
    bytes[at] = static_cast<std::uint8_t>(kind);
    bytes[at + 1] = static_cast<std::uint8_t>(wire.size());
    std::copy(wire.begin(), wire.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at + head_size));
}

std::shared_ptr<const PatternList> PatternListBuilder::finish() {
    list_->bytes_.shrink_to_fit();
    list_->marks_.shrink_to_fit();
    return std::move(list_);
}

}  // namespace dproxy::routing
