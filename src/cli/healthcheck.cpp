// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/verbs_test.cpp.
#include <ostream>

#include "cli/configuration.hpp"
#include "cli/http_request.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::cli {
namespace {

constexpr unsigned http_ok = 200;
constexpr std::string_view ready_path = "/readyz";

}  // namespace

int run_healthcheck(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
                    std::ostream& err) {
    auto text = arguments.url;
    if (!text) {
        const auto reading = read_settings(arguments, environment);
        if (has_error(reading.diagnostics)) {
            print_faults(reading.diagnostics, err);
            return exit_usage;
        }
        text = local_url(reading.settings, ready_path);
        if (!text) {
            err << "admin: the HTTP side is off, so nothing tells whether dproxy is ready\n";
            return exit_faults;
        }
    }
    auto url = Url::parse(*text);
    if (!url) {
        err << "healthcheck: " << config::excerpt(*text)
            << " was found; expected a URL such as http://127.0.0.1:8080\n";
        return exit_usage;
    }
    if (url->target == "/") url->target = ready_path;
    const auto answer = http_request(HttpMethod::get, *url);
    if (!answer.error.empty()) {
        err << url->to_string() << ": " << answer.error << '\n';
        return exit_faults;
    }
    const auto line = answer.body.substr(0, answer.body.find('\n'));
    if (answer.status != http_ok) {
        err << url->to_string() << ": status " << answer.status << ", " << config::excerpt(line) << '\n';
        return exit_faults;
    }
    out << "ready\n";
    return exit_good;
}

}  // namespace dproxy::cli
