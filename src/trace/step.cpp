// SPDX-License-Identifier: MIT
#include "trace/step.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <type_traits>

#include "trace/limits.hpp"

namespace dproxy::trace {
namespace {

constexpr std::string_view cut_mark = "...";

struct Facts {
    std::uint64_t at_ns;
    std::uint64_t asked_ns;
    std::uint32_t trace;
    std::uint32_t query;
    std::uint16_t text_bytes;
    Kind kind;
};
static_assert(std::is_trivially_copyable_v<Facts>);

std::size_t text_bytes_of(const Step& step) { return std::min(step.text.size(), step_text_bytes); }

}  // namespace

std::string_view name_of(Kind kind) {
    constexpr std::array<std::string_view, 10> names{"asked", "routed", "memory",  "chosen", "sent",
                                                     "reply", "failed", "overdue", "kept",   "answered"};
    return names[static_cast<std::size_t>(kind)];
}

std::size_t bytes_of(const Step& step) { return sizeof(Facts) + text_bytes_of(step); }

void write(const Step& step, std::span<std::uint8_t> out) {
    assert(out.size() == bytes_of(step));
    const Facts facts{.at_ns = step.at_ns,
                      .asked_ns = step.asked_ns,
                      .trace = step.trace,
                      .query = step.query,
                      .text_bytes = static_cast<std::uint16_t>(text_bytes_of(step)),
                      .kind = step.kind};
    std::memcpy(out.data(), &facts, sizeof facts);
    const auto text = out.subspan(sizeof facts);
    std::copy_n(step.text.begin(), text.size(), text.begin());
    if (step.text.size() > text.size()) std::copy(cut_mark.begin(), cut_mark.end(), text.end() - cut_mark.size());
}

Step read(std::span<const std::uint8_t> bytes) {
    Facts facts;
    assert(bytes.size() >= sizeof facts);
    std::memcpy(&facts, bytes.data(), sizeof facts);
    const auto text = bytes.subspan(sizeof facts, facts.text_bytes);
    return {.at_ns = facts.at_ns,
            .asked_ns = facts.asked_ns,
            .trace = facts.trace,
            .query = facts.query,
            .kind = facts.kind,
            .text = {reinterpret_cast<const char*>(text.data()), text.size()}};
}

}  // namespace dproxy::trace
