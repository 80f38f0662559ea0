// SPDX-License-Identifier: MIT
// Held by tests/integration/test_trace.py.
#include <boost/json.hpp>
#include <cstdio>
#include <ostream>
#include <thread>

#include "cli/http_request.hpp"
#include "cli/running_instance.hpp"
#include "cli/verbs.hpp"
#include "dns/name.hpp"
#include "ini/counted.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::cli {
namespace {

constexpr std::chrono::milliseconds look_interval{200};

/// The answer of `path`; null where there is none that can be read, and `err` says why.
boost::json::value ordered(std::string_view admin, std::string_view path, std::ostream& err, int& status) {
    const auto answer = ask_text(admin, path, http_timeout, HttpMethod::post);
    status = answer.is_usage ? exit_usage : exit_faults;
    if (!answer.text) {
        err << answer.error << '\n';
        return nullptr;
    }
    boost::system::error_code error;
    boost::json::value read = boost::json::parse(*answer.text, error);
    const bool is_told = !error && read.is_object() && read.get_object().contains("trace");
    if (is_told) return read;
    err << admin << ": the answer is not what " << path << " of dproxy tells\n";
    return nullptr;
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// `2026-11-30T16:20:01.123Z  #17  +0.412 ms  sent      to 10.0.0.53:53 over udp`
void print(const boost::json::object& step, std::ostream& out) {
    char since[64];
    std::snprintf(since, sizeof since, "#%-4lld %+11.3f ms  %-8s  ", static_cast<long long>(number_of(step, "query")),
                  static_cast<double>(number_of(step, "us")) / 1000.0, text_of(step, "step").substr(0, 8).c_str());
    out << text_of(step, "time") << "  " << since << text_of(step, "text") << '\n';
}

/// Whether that was the last of them.
bool print_all(const boost::json::object& told, std::ostream& out) {
    const auto* steps = told.if_contains("steps");
    if (steps != nullptr && steps->is_array()) {
        for (const auto& step : steps->get_array()) {
            if (step.is_object()) print(step.get_object(), out);
        }
    }
    out.flush();
    const auto* over = told.if_contains("is_over");
    return over == nullptr || !over->is_bool() || over->get_bool();
}

}  // namespace

int run_trace(const Arguments& arguments, const std::vector<std::string>& environment, std::ostream& out,
              std::ostream& err) {
    const auto parsed = dns::Name::parse(arguments.name, false);
    if (parsed.fault) {
        err << "the name " << config::excerpt(arguments.name)
            << " cannot be read: " << dns::describe(*parsed.fault) << '\n';
        return exit_usage;
    }
    const auto admin = choose_admin_url(arguments, environment, "nothing can be traced", err);
    if (!admin) return exit_usage;
    const std::string length = std::to_string(arguments.duration.count()) + "ms";
    int status = exit_good;
    const auto begun = ordered(*admin, "/trace?name=" + percent_encode(arguments.name) + "&for=" + length, err, status);
    if (begun.is_null()) return status;
    const std::int64_t serial = number_of(begun.get_object(), "trace");
    err << "tracing " << config::excerpt(arguments.name) << " and all below it for "
        << config::duration_text(arguments.duration) << '\n';
    for (bool is_over = false; !is_over;) {
        std::this_thread::sleep_for(look_interval);
        const auto told = ordered(*admin, "/trace/steps", err, status);
        if (told.is_null()) return status;
        if (number_of(told.get_object(), "trace") != serial) {
            err << "another trace has taken the place of this one\n";
            return exit_faults;
        }
        is_over = print_all(told.get_object(), out);
        const auto lost = number_of(told.get_object(), "lost");
        if (is_over && lost > 0) err << config::counted(static_cast<std::uint64_t>(lost), "step") << " had no room\n";
    }
    return exit_good;
}

}  // namespace dproxy::cli
