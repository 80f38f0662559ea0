// SPDX-License-Identifier: MIT
#include "import/language.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "ini/typed_values.hpp"

namespace dproxy::foreign {
namespace {

constexpr std::array all_languages{Language::corefile, Language::dnsmasq, Language::unbound, Language::bind};
/// What a file is shows in its first lines that say anything.
constexpr std::size_t looked_at = 4000;
/// So many lines does a file's name count for.
constexpr std::size_t weight_of_name = 3;

using Scores = std::array<std::size_t, all_languages.size()>;
std::size_t& of(Scores& scores, Language language) { return scores[static_cast<std::size_t>(language)]; }

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string_view trimmed(std::string_view line) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

void score_line(std::string_view line, Scores& scores) {
    static constexpr std::string_view plugins[] = {"forward", "proxy",  "errors", "cache",      "kubernetes",
                                                   "log",     "health", "ready",  "prometheus", "loop",
                                                   "reload",  "hosts",  "bind",   "loadbalance"};
    static constexpr std::string_view options[] = {"server", "address", "local", "rev-server", "listen-address",
                                                   "conf-file", "conf-dir", "cache-size", "resolv-file", "domain"};
    static constexpr std::string_view flags[] = {"no-resolv", "domain-needed", "bogus-priv", "strict-order",
                                                 "all-servers", "no-hosts", "no-poll", "expand-hosts", "log-queries"};
    static constexpr std::string_view clauses[] = {"server", "forward-zone", "stub-zone", "local-zone", "local-data",
                                                   "auth-zone", "remote-control", "view", "forward-addr", "name",
                                                   "stub-addr", "access-control", "include", "interface"};
    static constexpr std::string_view statements[] = {"options", "zone", "acl", "view", "forwarders", "include",
                                                      "logging", "controls", "key", "type", "forward", "recursion"};
    const std::string_view word = line.substr(0, line.find_first_of(" \t={:;"));
    const char sign = word.size() < line.size() ? line[word.size()] : '\0';
    if ((sign == '=' && is_one_of(word, options)) || is_one_of(line, flags)) ++of(scores, Language::dnsmasq);
    if (sign == ':' && is_one_of(word, clauses)) ++of(scores, Language::unbound);
    const bool ends_statement = line.ends_with(';') || line.ends_with('{');
    if (ends_statement && is_one_of(word, statements) && (sign == ' ' || sign == '\t')) ++of(scores, Language::bind);
    if (line.ends_with("};")) ++of(scores, Language::bind);
    if (line.find(';') != std::string_view::npos || line.find('=') != std::string_view::npos) return;
    if (is_one_of(word, plugins) && sign != ':') ++of(scores, Language::corefile);
    if (line.ends_with('{') && !is_one_of(word, statements)) ++of(scores, Language::corefile);
}

void score_name(std::string_view file_name, Scores& scores) {
    std::string name(file_name.substr(file_name.rfind('/') + 1));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    for (const Language language : all_languages) {
        if (name.find(name_of(language)) != std::string::npos) of(scores, language) += weight_of_name;
    }
    if (name.find("named") != std::string::npos) of(scores, Language::bind) += weight_of_name;
}

}  // namespace

std::string_view name_of(Language language) {
    switch (language) {
        case Language::corefile: return "corefile";
        case Language::dnsmasq: return "dnsmasq";
        case Language::unbound: return "unbound";
        case Language::bind: return "bind";
    }
    return "";
}

std::optional<Language> parse_language(std::string_view text) {
    const auto* found = std::find_if(all_languages.begin(), all_languages.end(), [&](Language language) {
        return config::equal_words(text, name_of(language));
    });
    if (found == all_languages.end()) return std::nullopt;
    return *found;
}

std::optional<Language> recognise(std::string_view file_name, std::string_view text) {
    Scores scores{};
    score_name(file_name, scores);
    for (std::size_t lines = 0; lines < looked_at && !text.empty(); ++lines) {
        const auto end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        if (!line.empty() && line.front() != '#') score_line(line, scores);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    const auto best = std::max_element(scores.begin(), scores.end());
    if (*best == 0 || std::count(scores.begin(), scores.end(), *best) > 1) return std::nullopt;
    return all_languages[static_cast<std::size_t>(best - scores.begin())];
}

}  // namespace dproxy::foreign
