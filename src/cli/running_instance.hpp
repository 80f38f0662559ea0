// SPDX-License-Identifier: MIT
// Questions to a running dproxy, over its HTTP side.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/http_request.hpp"
#include "ini/diagnostic.hpp"
#include "settings/settings.hpp"

namespace dproxy::cli {

/// The page at `path` below the address that `--admin` named. Where there is none, says why on `err`.
/// `status` is the exit status for that.
std::optional<std::string> fetch_text(std::string_view admin_url, std::string_view path, std::ostream& err,
                                      int& status);
/// The JSON at `path` below the address that `--admin` named. Where there is none, says why on `err`.
/// `status` is the exit status for that.
std::optional<boost::json::value> fetch_report(std::string_view admin_url, std::string_view path, std::ostream& err,
                                               int& status);

/// The faults of the instance's route files, as its `/status` tells them. Where they cannot be known, says why on
/// `err`. `status` is the exit status for that.
std::optional<config::Diagnostics> fetch_faults(std::string_view admin_url, std::ostream& err, int& status);

/// The page at `path` of the instance at `admin_url`.
struct TextAnswer {
    std::optional<std::string> text;
    std::string error;      ///< why there is none
    bool is_usage = false;  ///< the reason is `admin_url` itself
};
TextAnswer ask_text(std::string_view admin_url, std::string_view path, std::chrono::milliseconds timeout,
                    HttpMethod method = HttpMethod::get);

/// `--admin`, else where the settings say that this machine's dproxy listens. Where there is neither, says why on
/// `err`; `off_means` ends the sentence that the HTTP side is off.
std::optional<std::string> choose_admin_url(const Arguments& arguments, const std::vector<std::string>& environment,
                                            std::string_view off_means, std::ostream& err);

/// The URL of a page of the instance that runs with these settings, on this machine. Nothing where the
/// HTTP side is off.
std::optional<std::string> local_url(const config::Settings& settings, std::string_view path);

/// 127.0.0.1, or ::1 on a machine that has no IPv4 there.
net::Address loopback();

/// An unspecified address is reached by the loopback address of its family.
net::Address reachable(const net::Address& address);

}  // namespace dproxy::cli
