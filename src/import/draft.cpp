// SPDX-License-Identifier: MIT
#include "import/draft.hpp"

#include <algorithm>

#include "ini/excerpt.hpp"

namespace dproxy::foreign {

std::string_view Section::get(std::string_view key) const {
    for (const auto& [name, value] : keys) {
        if (name == key) return value;
    }
    return {};
}

void Draft::leave_out(std::uint32_t line, std::string message) {
    if (left_out_.size() == max_left_out) {
        ++more_;
    } else {
        left_out_.push_back({config::Severity::warning, file_, line, std::move(message)});
    }
}

config::Diagnostics Draft::take_left_out() {
    std::stable_sort(left_out_.begin(), left_out_.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    if (more_ > 0) left_out_.push_back({config::Severity::warning, file_, 0, "and " + std::to_string(more_) + " more"});
    return std::move(left_out_);
}

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
}

std::string zone_pattern(std::string_view zone) {
    const std::string name = plain_name(zone);
    return name.empty() ? "*" : "." + name;
}

std::string plain_name(std::string_view name) {
    if (name.ends_with('.') && !name.ends_with("\\.")) name.remove_suffix(1);
    std::string plain(name);
    std::transform(plain.begin(), plain.end(), plain.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return plain;
}

bool is_within(std::string_view name, std::string_view zone) {
    if (zone.empty() || name == zone) return true;
    return name.size() > zone.size() && name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.';
}

std::string no_counterpart(std::string_view statement, const Advice* first, const Advice* last) {
    std::string message = config::excerpt(statement) + " has no counterpart in a route file";
    const auto fits = [&](const Advice& advice) {
        return advice.word.ends_with('*') ? statement.starts_with(advice.word.substr(0, advice.word.size() - 1))
                                          : statement == advice.word;
    };
    const Advice* found = std::find_if(first, last, fits);
    if (found != last) message += ": " + std::string(found->instead);
    return message;
}

}  // namespace dproxy::foreign
