// SPDX-License-Identifier: MIT
#include "cli/running_instance.hpp"

#include <boost/json.hpp>
#include <ostream>

#include "cli/arguments.hpp"
#include "cli/http_get.hpp"
#include "config/excerpt.hpp"
#include "config/setting_keys.hpp"

namespace dproxy::cli {
namespace {

constexpr unsigned http_ok = 200;

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::optional<boost::json::value> fetch_report(std::string_view admin_url, std::string_view path, std::ostream& err,
                                               int& status) {
    auto url = Url::parse(admin_url);
    if (!url) {
        err << "--admin: " << config::excerpt(admin_url)
            << " was found; expected a URL such as http://127.0.0.1:8080\n";
        status = exit_usage;
        return std::nullopt;
    }
    if (url->target.ends_with('/')) url->target.pop_back();
    url->target += path;
    status = exit_faults;
    const auto answer = http_get(*url);
    if (!answer.error.empty()) {
        err << url->to_string() << ": " << answer.error << '\n';
        return std::nullopt;
    }
    if (answer.status != http_ok) {
        err << url->to_string() << ": status " << answer.status << ", "
            << config::excerpt(first_line(answer.body)) << '\n';
        return std::nullopt;
    }
    boost::system::error_code error;
    auto report = boost::json::parse(answer.body, error);
    if (error) {
        err << url->to_string() << ": the answer is not JSON; is this dproxy's HTTP address?\n";
        return std::nullopt;
    }
    status = exit_good;
    return report;
}

net::Address reachable(const net::Address& address) {
    if (!address.is_unspecified()) return address;
    return *net::Address::parse(address.is_v4() ? "127.0.0.1" : "::1");
}

std::optional<std::string> local_url(const config::Settings& settings, std::string_view path) {
    if (!settings.admin_enabled) return std::nullopt;
    net::Endpoint endpoint{net::Address::v4(127, 0, 0, 1), config::default_admin_port};
    if (settings.admin) endpoint = {reachable(settings.admin->address), settings.admin->port};
    return "http://" + endpoint.to_string() + std::string(path);
}

}  // namespace dproxy::cli
