// SPDX-License-Identifier: MIT
#include "import/unbound_statements.hpp"

#include <algorithm>
#include <iterator>

namespace dproxy::foreign {
namespace {

constexpr std::string_view clauses[] = {"server",  "forward-zone", "stub-zone", "auth-zone", "view",
                                        "rpz",     "remote-control", "python",  "dynlib",    "dnscrypt",
                                        "cachedb", "ipset",        "dnstap"};
constexpr std::string_view with_two[] = {
    "access-control",      "access-control-tag",     "access-control-view",  "edns-client-string",
    "interface-action",    "interface-tag",          "interface-view",       "local-zone",
    "local-zone-tag",      "ratelimit-below-domain", "ratelimit-for-domain", "response-ip",
    "response-ip-data",    "response-ip-tag",        "tcp-connection-limit", "wait-limit-cookie-netblock",
    "wait-limit-netblock"};
constexpr std::string_view with_three[] = {"access-control-tag-action", "access-control-tag-data",
                                           "interface-tag-action", "interface-tag-data", "local-zone-override"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::size_t values_of(std::string_view key) {
    if (is_one_of(key, clauses)) return 0;
    if (is_one_of(key, with_two)) return 2;
    return is_one_of(key, with_three) ? 3 : 1;
}

}  // namespace

bool UnboundStatement::opens_clause() const { return is_one_of(key, clauses); }

/// False: there is nothing more.
bool UnboundStatements::skip_blanks() {
    while (!rest_.empty()) {
        if (rest_.front() == '#') {
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        } else if (rest_.front() == '\n') {
            ++line_;
            rest_.remove_prefix(1);
        } else if (std::string_view(" \t\r").find(rest_.front()) != std::string_view::npos) {
            rest_.remove_prefix(1);
        } else {
            return true;
        }
    }
    return false;
}

/// What stands between quotes, which end with their line, or all up to a blank or a quote.
std::string UnboundStatements::take_value() {
    const char quote = rest_.front();
    const bool is_quoted = quote == '"' || quote == '\'';
    if (is_quoted) rest_.remove_prefix(1);
    const std::string_view ends = is_quoted ? (quote == '"' ? "\"\r\n" : "'\r\n") : "\"' \t\r\n";
    std::size_t at = 0;
    while (at < rest_.size() && ends.find(rest_[at]) == std::string_view::npos) {
        const bool is_escape = rest_[at] == '\\' && at + 1 < rest_.size() && rest_[at + 1] != '\n';
        at += is_escape ? 2 : 1;
    }
    std::string value(rest_.substr(0, at));
    rest_.remove_prefix(at);
    if (is_quoted && !rest_.empty() && rest_.front() == quote) rest_.remove_prefix(1);
    return value;
}

bool UnboundStatements::next(UnboundStatement& statement) {
    statement = {};
    if (!skip_blanks()) return false;
    statement.line = line_;
    const std::size_t end = rest_.find_first_of(":\"' \t\r\n");
    if (end == std::string_view::npos || rest_[end] != ':') {
        statement.values.push_back(take_value());
        return true;
    }
    statement.key = rest_.substr(0, end);
    std::transform(statement.key.begin(), statement.key.end(), statement.key.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    rest_.remove_prefix(end + 1);
    while (statement.values.size() < values_of(statement.key) && skip_blanks()) {
        statement.values.push_back(take_value());
    }
    return true;
}

}  // namespace dproxy::foreign
