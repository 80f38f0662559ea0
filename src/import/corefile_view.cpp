// SPDX-License-Identifier: MIT
#include "import/corefile_view.hpp"

#include <algorithm>
#include <string_view>

#include "import/draft.hpp"
#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

/// The parts of an expression, from left to right.
class Expression {
public:
    explicit Expression(std::string_view text) : rest_(text) {}

    bool at_end() {
        skip_blanks();
        return rest_.empty();
    }
    bool take(std::string_view sign) {
        skip_blanks();
        if (!rest_.starts_with(sign)) return false;
        rest_.remove_prefix(sign.size());
        return true;
    }
    std::optional<std::string> take_quoted() {
        skip_blanks();
        if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return std::nullopt;
        const auto end = rest_.find(rest_.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        std::string text(rest_.substr(1, end - 1));
        rest_.remove_prefix(end + 1);
        return text;
    }

private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

    std::string_view rest_;
};

bool take_network(Expression& expression, CorefileView& view) {
    if (!expression.take("incidr") || !expression.take("(") || !expression.take("client_ip") || !expression.take("(") ||
        !expression.take(")") || !expression.take(",")) {
        return false;
    }
    auto network = expression.take_quoted();
    if (!network || !net::Network::parse(*network) || !expression.take(")")) return false;
    view.clients.push_back(std::move(*network));
    return true;
}

bool take_types(Expression& expression, CorefileView& view) {
    if (!expression.take("type") || !expression.take("(") || !expression.take(")")) return false;
    const bool is_list = expression.take("in");
    if (is_list ? !expression.take("[") : !expression.take("==")) return false;
    do {
        auto type = expression.take_quoted();
        if (!type) return false;
        view.types.push_back(std::move(*type));
    } while (is_list && expression.take(","));
    return !is_list || expression.take("]");
}

std::string expression_of(const CorefileLine& line) {
    std::string text;
    for (std::size_t i = 1; i < line.words.size(); ++i) text += line.words[i] + " ";
    return text;
}

bool holds(const std::string& outer_text, const std::string& inner_text) {
    const auto outer = net::Network::parse(outer_text), inner = net::Network::parse(inner_text);
    return outer && inner && outer->holds(*inner);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> CorefileView::keys() const {
    std::vector<std::pair<std::string, std::string>> keys;
    if (!clients.empty()) keys.emplace_back("clients", joined(clients));
    if (!types.empty()) keys.emplace_back("types", joined(types));
    return keys;
}

std::optional<CorefileView> read_corefile_view(const CorefileDirective& directive) {
    CorefileView view;
    if (directive.block.size() != 1 || directive.block.front().words.front() != "expr") return std::nullopt;
    const std::string text = expression_of(directive.block.front());
    Expression expression(text);
    do {
        if (!take_network(expression, view) && !take_types(expression, view)) return std::nullopt;
    } while (expression.take("||"));
    const bool is_one_kind = view.clients.empty() != view.types.empty();  // `||` of both is none of ours
    return expression.at_end() && is_one_kind ? std::optional(view) : std::nullopt;
}

bool shadows(const CorefileView& earlier, const CorefileView& later) {
    if (earlier.is_for_all()) return true;
    if (later.is_for_all()) return false;
    if (earlier.clients.empty() != later.clients.empty()) return true;
    const auto& before = earlier.clients.empty() ? earlier.types : earlier.clients;
    const auto& after = earlier.clients.empty() ? later.types : later.clients;
    return std::any_of(after.begin(), after.end(), [&](const std::string& one) {
        return std::any_of(before.begin(), before.end(),
                           [&](const std::string& other) { return one == other || holds(other, one); });
    });
}

}  // namespace dproxy::foreign
