// SPDX-License-Identifier: MIT
#include "cli/running_instance.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>

#include "cli/configuration.hpp"
#include "ini/excerpt.hpp"
#include "io/interfaces.hpp"
#include "settings/setting_keys.hpp"

namespace dproxy::cli {
namespace {

constexpr unsigned http_ok = 200;

namespace json = boost::json;

std::string_view text_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

config::Diagnostic fault_of(const json::object& object) {
    const json::value* line = object.if_contains("line");
    const bool has_line = line != nullptr && line->is_int64() && line->get_int64() > 0;
    return {text_in(object, "severity") == "warning" ? config::Severity::warning : config::Severity::error,
            std::string(text_in(object, "file")), has_line ? static_cast<std::uint32_t>(line->get_int64()) : 0,
            std::string(text_in(object, "message"))};
}

/// `routes.faults` of `/status`, null where that is another program's answer.
const json::array* faults_in(const json::value& status) {
    const json::value* routes = status.is_object() ? status.get_object().if_contains("routes") : nullptr;
    const json::value* faults =
        routes != nullptr && routes->is_object() ? routes->get_object().if_contains("faults") : nullptr;
    return faults != nullptr && faults->is_array() ? &faults->get_array() : nullptr;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

TextAnswer ask_text(std::string_view admin_url, std::string_view path, std::chrono::milliseconds timeout,
                    HttpMethod method) {
    auto url = Url::parse(admin_url);
    if (!url) {
        return {std::nullopt,
                "--admin: " + config::excerpt(admin_url) + " was found; expected a URL such as http://127.0.0.1:8080",
                true};
    }
    if (url->target.ends_with('/')) url->target.pop_back();
    url->target += path;
    auto answer = http_request(method, *url, timeout);
    if (!answer.error.empty()) return {std::nullopt, url->to_string() + ": " + answer.error};
    if (answer.status != http_ok) {
        return {std::nullopt, url->to_string() + ": status " + std::to_string(answer.status) + ", " +
                                  config::excerpt(first_line(answer.body))};
    }
    return {std::move(answer.body), {}};
}

std::optional<std::string> fetch_text(std::string_view admin_url, std::string_view path, std::ostream& err,
                                      int& status) {
    TextAnswer answer = ask_text(admin_url, path, http_timeout);
    status = answer.text ? exit_good : answer.is_usage ? exit_usage : exit_faults;
    if (!answer.text) err << answer.error << '\n';
    return std::move(answer.text);
}

std::optional<boost::json::value> fetch_report(std::string_view admin_url, std::string_view path, std::ostream& err,
                                               int& status) {
    const auto text = fetch_text(admin_url, path, err, status);
    if (!text) return std::nullopt;
    boost::system::error_code error;
    auto report = boost::json::parse(*text, error);
    if (!error) return report;
    err << admin_url << ": the answer is not JSON; is this dproxy's HTTP address?\n";
    status = exit_faults;
    return std::nullopt;
}

std::optional<config::Diagnostics> fetch_faults(std::string_view admin_url, std::ostream& err, int& status) {
    const auto report = fetch_report(admin_url, "/status", err, status);
    if (!report) return std::nullopt;
    const json::array* faults = faults_in(*report);
    if (faults == nullptr) {
        err << admin_url << ": the answer is not what /status of dproxy tells\n";
        status = exit_faults;
        return std::nullopt;
    }
    config::Diagnostics told;
    for (const json::value& fault : *faults) {
        if (fault.is_object()) told.push_back(fault_of(fault.get_object()));
    }
    return told;
}

net::Address loopback() {
    const auto local = io::local_addresses();
    const bool has_v4 = std::any_of(local.begin(), local.end(), [](const net::Address& address) {
        return address.is_v4() && address.is_loopback();
    });
    return *net::Address::parse(has_v4 ? "127.0.0.1" : "::1");
}

net::Address reachable(const net::Address& address) {
    if (!address.is_unspecified()) return address;
    return *net::Address::parse(address.is_v4() ? "127.0.0.1" : "::1");
}

std::optional<std::string> choose_admin_url(const Arguments& arguments, const std::vector<std::string>& environment,
                                            std::string_view off_means, std::ostream& err) {
    if (arguments.url) return arguments.url;
    const auto reading = read_settings(arguments, environment);
    if (has_error(reading.diagnostics)) {
        print_faults(reading.diagnostics, err);
        return std::nullopt;
    }
    auto url = local_url(reading.settings, "");
    if (!url) err << "admin: the HTTP side is off, so " << off_means << '\n';
    return url;
}

std::optional<std::string> local_url(const config::Settings& settings, std::string_view path) {
    if (!settings.admin_enabled) return std::nullopt;
    // On both families, as far as the host has them.
    std::string host = "localhost:" + std::to_string(config::default_admin_port);
    if (settings.admin) host = net::Endpoint{reachable(settings.admin->address), settings.admin->port}.to_string();
    return "http://" + host + std::string(path);
}

}  // namespace dproxy::cli
