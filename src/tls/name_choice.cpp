// SPDX-License-Identifier: MIT
#include "tls/name_choice.hpp"

#include <algorithm>
#include <array>

namespace dproxy::tls {

namespace {

char lower_case(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

}  // namespace

std::string compared_name(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), lower_case);
    return lower;
}

void NameChoice::add(std::string_view name, std::size_t certificate) {
    const bool wildcard = name.starts_with("*.");
    std::string compared = compared_name(wildcard ? name.substr(2) : name);
    if (compared.empty() || compared.find('*') != std::string::npos) return;
    std::vector<std::size_t>& those = (wildcard ? below_ : exact_)[std::move(compared)];
    if (std::find(those.begin(), those.end(), certificate) == those.end()) those.push_back(certificate);
}

const std::vector<std::size_t>& NameChoice::find(std::string_view name) const noexcept {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() > longest_name) return none_;
    std::array<char, longest_name> room;  // OpenSSL calls this: nothing may throw, for want of memory neither
    std::transform(name.begin(), name.end(), room.begin(), lower_case);
    const std::string_view asked(room.data(), name.size());
    if (const auto found = exact_.find(asked); found != exact_.end()) return found->second;
    const std::size_t dot = asked.find('.');
    if (dot == 0 || dot == std::string_view::npos) return none_;
    const auto found = below_.find(asked.substr(dot + 1));
    return found != below_.end() ? found->second : none_;
}

}  // namespace dproxy::tls
