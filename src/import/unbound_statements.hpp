// SPDX-License-Identifier: MIT
// The form of unbound.conf(5): `key: value` pairs in clauses, on as many lines as one likes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::foreign {

struct UnboundStatement {
    std::uint32_t line = 0;
    std::string key;                  ///< in lower case, without its colon; empty where a value stands alone
    std::vector<std::string> values;  ///< without quotes; as many as the key takes, or what there was
    bool opens_clause() const;        ///< `server:`, `forward-zone:`
    /// What it begins with, to be shown.
    std::string_view first_word() const {
        return !key.empty() ? std::string_view(key) : values.empty() ? ":" : std::string_view(values.front());
    }
};

/// One after the other. Comments begin with `#` where a word could begin.
class UnboundStatements {
public:
    explicit UnboundStatements(std::string_view text) : rest_(text) {}
    /// False: that was the end.
    bool next(UnboundStatement& statement);

private:
    bool skip_blanks();
    std::string take_value();

    std::string_view rest_;
    std::uint32_t line_ = 1;
};

}  // namespace dproxy::foreign
