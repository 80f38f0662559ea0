// SPDX-License-Identifier: MIT
// The target of a request: its path, and the parameters of its query.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dproxy::admin {

/// In the order of the query; a name may stand there more than once.
class Parameters {
public:
    Parameters() = default;
    explicit Parameters(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {}

    /// The first of that name; null where there is none.
    const std::string* find(std::string_view name) const;
    bool empty() const { return pairs_.empty(); }
    std::size_t size() const { return pairs_.size(); }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

/// `name=a%2eb&type=A`; `+` is a blank. Nothing where a `%` is not followed by two hexadecimal digits.
std::optional<Parameters> parse_query(std::string_view query);

struct Target {
    std::optional<std::string_view> authority;  ///< of an absolute form: it stands in place of the field Host
    std::string_view path;
    std::string_view query;  ///< without the `?`
};
/// Both origin form (`/a?b`) and absolute form (`http://host/a?b`, RFC 9112 3.2.2).
Target split_target(std::string_view target);

}  // namespace dproxy::admin
