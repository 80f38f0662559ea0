// SPDX-License-Identifier: MIT
#include "import/named_conf_statements.hpp"

#include <algorithm>

namespace dproxy::foreign {
namespace {

class Parser {
public:
    Parser(std::string_view text, Draft& draft) : rest_(text), draft_(draft) {}

    std::vector<NamedStatement> file() {
        std::vector<NamedStatement> statements;
        while (true) {
            read_block(statements, 0);
            if (rest_.empty()) break;
            draft_.leave_out(line_, "a `}` closes nothing");
            rest_.remove_prefix(1);
        }
        return statements;
    }

private:
    /// Up to the brace that closes it, which stays, or to the end.
    void read_block(std::vector<NamedStatement>& statements, std::size_t depth) {
        NamedStatement statement;
        while (skip_blanks() && rest_.front() != '}') {
            const char sign = rest_.front();
            if (statement.words.empty() && !statement.has_block) statement.line = line_;
            if (sign == ';') {
                rest_.remove_prefix(1);
                keep(statement, statements);
            } else if (sign == '{') {
                open_block(statement, depth);
            } else {
                statement.words.push_back(take_word());
            }
        }
        if (!statement.words.empty() || statement.has_block) {
            draft_.leave_out(statement.line, "a `;` is missing at the end of this statement");
            keep(statement, statements);
        }
    }

    static void keep(NamedStatement& statement, std::vector<NamedStatement>& statements) {
        if (!statement.words.empty() || statement.has_block) statements.push_back(std::move(statement));
        statement = {};
    }

    void open_block(NamedStatement& statement, std::size_t depth) {
        const std::uint32_t begin = line_;
        rest_.remove_prefix(1);
        statement.has_block = true;
        if (depth == max_block_depth) {
            draft_.leave_out(begin, "the block lies too deep; it is left out");
            return skip_block();
        }
        read_block(statement.block, depth + 1);
        if (rest_.empty()) {
            draft_.leave_out(begin, "the `{` is not closed");
        } else {
            rest_.remove_prefix(1);
        }
    }

    void skip_block() {
        for (std::size_t open = 1; open > 0 && skip_blanks();) {
            const char sign = rest_.front();
            if (sign == '{' || sign == '}' || sign == ';') {
                open += sign == '{' ? 1 : 0;
                open -= sign == '}' ? 1 : 0;
                rest_.remove_prefix(1);
            } else {
                take_word();
            }
        }
    }

    std::string take_word() {
        if (rest_.front() == '!') {
            rest_.remove_prefix(1);
            return "!";
        }
        if (rest_.front() == '"') return take_quoted();
        const std::size_t end = std::min(rest_.find_first_of(" \t\r\n;{}\""), rest_.size());
        std::string word(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return word;
    }

    std::string take_quoted() {
        std::size_t at = 1;
        std::string word;
        for (; at < rest_.size() && rest_[at] != '"' && rest_[at] != '\n'; ++at) {
            if (rest_[at] == '\\' && at + 1 < rest_.size() && rest_[at + 1] != '\n') ++at;
            word += rest_[at];
        }
        if (at == rest_.size() || rest_[at] == '\n') {
            draft_.leave_out(line_, "a quote is not closed");
        } else {
            ++at;
        }
        rest_.remove_prefix(at);
        return word;
    }

    /// Also over comments, in the styles of C, C++ and shells. False: there is nothing more.
    bool skip_blanks() {
        while (!rest_.empty()) {
            if (rest_.starts_with("/*")) {
                const std::size_t end = rest_.find("*/", 2);
                drop(end == std::string_view::npos ? rest_.size() : end + 2);
            } else if (rest_.front() == '#' || rest_.starts_with("//")) {
                drop(std::min(rest_.find('\n'), rest_.size()));
            } else if (std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
                drop(1);
            } else {
                return true;
            }
        }
        return false;
    }

    void drop(std::size_t count) {
        line_ += static_cast<std::uint32_t>(std::count(rest_.begin(), rest_.begin() + static_cast<long>(count), '\n'));
        rest_.remove_prefix(count);
    }

    std::string_view rest_;
    Draft& draft_;
    std::uint32_t line_ = 1;
};

}  // namespace

const NamedStatement* NamedStatement::find(std::string_view name) const {
    const auto found =
        std::find_if(block.rbegin(), block.rend(), [&](const NamedStatement& one) { return one.name() == name; });
    return found == block.rend() ? nullptr : &*found;
}

std::vector<NamedStatement> read_named_statements(std::string_view text, Draft& draft) {
    return Parser(text, draft).file();
}

}  // namespace dproxy::foreign
