// SPDX-License-Identifier: MIT
#include "cli/top_view.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "ini/counted.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::cli {
namespace {

constexpr std::string_view bold = "\x1b[1m", red = "\x1b[31m", plain = "\x1b[0m";

constexpr std::size_t number_width = 10;  ///< of a column, with the gap before it
constexpr std::size_t state_width = 6;
constexpr std::size_t narrow = 56;      ///< below, only what matters most has a column
constexpr std::size_t name_at_least = 8;

std::string formatted(double value, int digits) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return {text.data(), std::min(static_cast<std::size_t>(std::max(length, 0)), text.size() - 1)};
}

/// Three digits that tell something: 0.25, 12.5, 1234.
std::string rate(double value) { return formatted(value, value == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2); }

std::string milliseconds(const std::optional<double>& value) { return value ? rate(*value) : "-"; }

std::string cut(std::string text, std::size_t width) {
    if (text.size() <= width) return text;
    text.resize(width);
    if (width > 0) text.back() = '~';
    return text;
}

std::string left(std::string text, std::size_t width) {
    text = cut(std::move(text), width);
    text.append(width - text.size(), ' ');
    return text;
}

/// Never cut: a number without its first digits is another.
std::string right(const std::string& text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : ' ' + text;
}

class Drawing {
public:
    Drawing(TopOrder order, const TopScreen& screen) : order_(order), screen_(screen) {}

    std::string draw(TopFacts facts, std::string_view fault);

private:
    bool has_room() const { return screen_.height == 0 || used_ < screen_.height; }
    /// In that colour, where there are colours.
    void put(const std::string& text, std::string_view colour = {});
    void put_head(const TopFacts& facts, std::string_view fault);
    void put_table(std::string_view title, std::vector<TopLine> lines, bool has_states, std::size_t most);
    std::string columns(const std::string& name, const std::array<std::string, 4>& numbers, bool has_states,
                        const std::string& state) const;
    std::pair<std::size_t, std::size_t> share_out(const TopFacts& facts) const;
    bool is_before(const TopLine& one, const TopLine& other) const;

    TopOrder order_;
    const TopScreen& screen_;
    std::size_t width_ = 0;  ///< of the tables
    std::size_t used_ = 0;
    std::string text_;
};

void Drawing::put(const std::string& text, std::string_view colour) {
    if (!has_room()) return;
    ++used_;
    const bool coloured = screen_.colour && !colour.empty();
    if (coloured) text_ += colour;
    text_ += cut(text.substr(0, text.find_last_not_of(' ') + 1), screen_.width == 0 ? std::string::npos : width_);
    if (coloured) text_ += plain;
    text_ += '\n';
}

void Drawing::put_head(const TopFacts& facts, std::string_view fault) {
    put("dproxy " + config::printable(facts.version) + ", up " + config::duration_words(facts.uptime_s) + ", " +
            config::counted(facts.workers, "worker") + ", " +
            (facts.not_ready.empty() ? "ready" : "not ready: " + config::printable(facts.not_ready)),
        facts.not_ready.empty() ? bold : red);
    put(rate(facts.total.queries) + " queries/s, " + rate(facts.total.failures) + " failures/s, p50 " +
            milliseconds(facts.total.p50_ms) + " ms, p99 " + milliseconds(facts.total.p99_ms) + " ms, " +
            std::to_string(facts.inflight) + " in flight",
        facts.total.failures > 0 ? red : std::string_view());
    if (!fault.empty()) put("as it was; now: " + config::printable(fault), red);
}

/// A narrow screen has the rate, what failed and the state.
std::string Drawing::columns(const std::string& name, const std::array<std::string, 4>& numbers, bool has_states,
                             const std::string& state) const {
    const bool is_narrow = width_ < narrow;
    std::string rest;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (!is_narrow || i < 2) rest += right(numbers[i], number_width);
    }
    if (has_states) rest += right(state, state_width);
    const std::size_t of_rest = (is_narrow ? 2 : numbers.size()) * number_width + state_width;
    return left(name, std::max(width_, of_rest + name_at_least) - of_rest) + rest;
}

bool Drawing::is_before(const TopLine& one, const TopLine& other) const {
    // What is down comes first, whatever was asked for: nobody looks for it at the end.
    const bool one_is_down = one.up && !*one.up, other_is_down = other.up && !*other.up;
    if (one_is_down != other_is_down) return one_is_down;
    const auto by = [&](const TopLine& line) {
        switch (order_) {
            case TopOrder::queries: return line.pace.queries;
            case TopOrder::failures: return line.pace.failures;
            case TopOrder::latency: return line.pace.p99_ms.value_or(-1);
            case TopOrder::name: break;
        }
        return 0.0;
    };
    const double a = by(one), b = by(other);
    return a > b || (a == b && one.name < other.name);
}

void Drawing::put_table(std::string_view title, std::vector<TopLine> lines, bool has_states, std::size_t most) {
    std::sort(lines.begin(), lines.end(), [this](const auto& one, const auto& other) { return is_before(one, other); });
    put("");
    const std::array<std::string, 4> titles{"QUERIES/S", "FAILED/S", "P50 MS", "P99 MS"};
    put(columns(std::string(title), titles, has_states, has_states ? "STATE" : ""), bold);
    const std::size_t shown = lines.size() <= most ? lines.size() : std::max<std::size_t>(most, 1) - 1;
    for (std::size_t i = 0; i < shown; ++i) {
        const TopLine& line = lines[i];
        const bool is_down = line.up && !*line.up;
        put(columns(config::printable(line.name),
                    {rate(line.pace.queries), rate(line.pace.failures), milliseconds(line.pace.p50_ms),
                     milliseconds(line.pace.p99_ms)},
                    has_states, !line.up ? "" : is_down ? "down" : "up"),
            is_down || line.pace.failures > 0 ? red : std::string_view());
    }
    if (shown < lines.size()) put(std::to_string(lines.size() - shown) + " more");
    if (lines.empty()) put("none was asked in the last ten minutes");
}

/// How many lines the routes have, and how many the upstreams: half of what there is, and what the others leave.
std::pair<std::size_t, std::size_t> Drawing::share_out(const TopFacts& facts) const {
    constexpr std::size_t all = ~std::size_t{0};
    if (screen_.height == 0) return {all, all};
    constexpr std::size_t of_tables = 4;  // two titles and the empty lines before them
    const std::size_t taken = used_ + of_tables + (facts.left_out > 0 ? 1 : 0);
    const std::size_t room = screen_.height - std::min(screen_.height, taken);
    const auto wanted = [](const std::vector<TopLine>& lines) { return std::max<std::size_t>(lines.size(), 1); };
    const std::size_t left_by_upstreams = room - std::min(room, wanted(facts.upstreams));
    const std::size_t for_routes = std::min(wanted(facts.routes), std::max(room / 2, left_by_upstreams));
    return {for_routes, room - for_routes};
}

std::string Drawing::draw(TopFacts facts, std::string_view fault) {
    width_ = screen_.width;
    if (width_ == 0) {
        std::size_t longest = name_at_least;
        for (const auto* lines : {&facts.routes, &facts.upstreams}) {
            for (const TopLine& line : *lines) longest = std::max(longest, config::printable(line.name).size());
        }
        width_ = std::max(narrow, longest + 4 * number_width + state_width);
    }
    put_head(facts, fault);
    const auto [for_routes, for_upstreams] = share_out(facts);
    put_table("ROUTE", std::move(facts.routes), false, for_routes);
    put_table("UPSTREAM", std::move(facts.upstreams), true, for_upstreams);
    if (facts.left_out > 0) put(std::to_string(facts.left_out) + " routes and upstreams are counted in the total only");
    return std::move(text_);
}

}  // namespace

std::string draw_top(TopFacts facts, TopOrder order, const TopScreen& screen, std::string_view fault) {
    return Drawing(order, screen).draw(std::move(facts), fault);
}

}  // namespace dproxy::cli
