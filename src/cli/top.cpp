// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/top_test.cpp and tests/integration/test_top.py.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <ostream>
#include <sstream>

#include "cli/running_instance.hpp"
#include "cli/terminal.hpp"
#include "cli/top_facts.hpp"
#include "cli/top_view.hpp"
#include "cli/verbs.hpp"

namespace dproxy::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds refresh_interval{1};  ///< as often as there is anything new
constexpr std::string_view history_path = "/history?seconds=10";
constexpr std::string_view keys_line = "keys: q quit, sort by r rate, f failures, l latency, n name";

/// Nothing, and why on `err`, where it cannot be known. `status` is the exit status for that.
std::optional<TopFacts> fetch_top(std::string_view admin, std::ostream& err, int& status) {
    const auto history = fetch_report(admin, history_path, err, status);
    const auto state = history ? fetch_report(admin, "/status", err, status) : std::nullopt;
    if (!state) return std::nullopt;
    auto facts = read_top(*history, *state);
    if (facts) return facts;
    err << admin << ": the answer is not what /history of dproxy tells\n";
    status = exit_faults;
    return std::nullopt;
}

bool wants_colour(const std::vector<std::string>& environment) {
    return std::none_of(environment.begin(), environment.end(), [](const std::string& variable) {
        return variable.starts_with("NO_COLOR=") && variable != "NO_COLOR=";
    });
}

/// False: to the end.
bool take_key(char key, TopOrder& order) {
    switch (key) {
        case 'r': order = TopOrder::queries; return true;
        case 'f': order = TopOrder::failures; return true;
        case 'l': order = TopOrder::latency; return true;
        case 'n': order = TopOrder::name; return true;
        default: return key != 'q' && key != 'Q';
    }
}

void draw(const TopFacts& facts, TopOrder order, std::string_view fault, bool colour, Terminal& terminal) {
    const auto [width, height] = terminal.size();
    const TopScreen screen{width, height - std::min<std::size_t>(height, 1), colour};
    std::string text = screen.height > 0 ? draw_top(facts, order, screen, fault) : std::string();
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    text.append(screen.height - std::min(screen.height, lines), '\n');  // the keys stand at the lower edge
    terminal.show(text.append(keys_line.substr(0, width)));
}

/// Until it is left. The facts are there.
void watch(std::string_view admin, TopFacts facts, bool colour) {
    Terminal terminal;
    TopOrder order = TopOrder::queries;
    std::string fault;
    auto next = Clock::now() + refresh_interval;
    for (;;) {
        draw(facts, order, fault, colour, terminal);
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
        const auto [event, key] = terminal.wait(std::max(rest, std::chrono::milliseconds{0}));
        if (event == Terminal::Event::ended || (event == Terminal::Event::key && !take_key(key, order))) return;
        if (Clock::now() < next) continue;
        std::ostringstream err;
        int status = exit_good;
        if (auto newer = fetch_top(admin, err, status)) facts = std::move(*newer);
        fault = err.str().substr(0, err.str().find('\n'));
        next = Clock::now() + refresh_interval;
    }
}

}  // namespace

int run_top(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
            std::ostream& err) {
    const auto admin = choose_admin_url(arguments, environment, "nothing tells what it does", err);
    if (!admin) return exit_usage;
    int status = exit_good;
    auto facts = fetch_top(*admin, err, status);
    if (!facts) return status;
    if (arguments.once || !is_at_terminal()) {
        out << draw_top(std::move(*facts), TopOrder::queries, {});
    } else {
        watch(*admin, std::move(*facts), wants_colour(environment));
    }
    return exit_good;
}

}  // namespace dproxy::cli
