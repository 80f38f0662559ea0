// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/flush_test.cpp and tests/integration/test_flush.py.
#include <boost/json.hpp>
#include <ostream>

#include "cli/http_request.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "dns/name.hpp"
#include "ini/counted.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::cli {
namespace {

/// Much that is kept takes a while to go through.
constexpr std::chrono::seconds flush_timeout{60};

/// How many answers were forgotten; nothing where that is another program's answer.
std::optional<std::uint64_t> forgotten_of(std::string_view text) {
    boost::system::error_code error;
    const auto answer = boost::json::parse(text, error);
    const auto* count = !error && answer.is_object() ? answer.get_object().if_contains("forgotten") : nullptr;
    const bool is_count = count != nullptr && count->is_int64() && count->get_int64() >= 0;
    return is_count ? std::optional(static_cast<std::uint64_t>(count->get_int64())) : std::nullopt;
}

}  // namespace

int run_flush(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
              std::ostream& err) {
    const std::string& name = arguments.name;
    const auto parsed = dns::Name::parse(name.empty() ? "." : name, false);
    if (parsed.fault) {
        err << "the name " << config::excerpt(name) << " cannot be read: " << dns::describe(*parsed.fault) << '\n';
        return exit_usage;
    }
    const auto admin = choose_admin_url(arguments, environment, "nothing can be told to forget", err);
    if (!admin) return exit_usage;
    const std::string path = name.empty() ? "/flush" : "/flush?name=" + percent_encode(name);
    const auto answer = ask_text(*admin, path, flush_timeout, HttpMethod::post);
    if (!answer.text) {
        err << answer.error << '\n';
        return answer.is_usage ? exit_usage : exit_faults;
    }
    const auto forgotten = forgotten_of(*answer.text);
    if (!forgotten) {
        err << *admin << ": the answer is not what /flush of dproxy tells\n";
        return exit_faults;
    }
    out << "forgot " << config::counted(*forgotten, "answer");
    if (!name.empty()) out << " at and below " << config::excerpt(name);
    out << '\n';
    return exit_good;
}

}  // namespace dproxy::cli
