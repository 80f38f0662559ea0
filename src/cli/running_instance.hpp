// SPDX-License-Identifier: MIT
// Questions to a running dproxy, over its HTTP side.
#pragma once

#include <boost/json/fwd.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.hpp"

namespace dproxy::cli {

/// The JSON at `path` below the address that `--admin` named. Where there is none, says why on `err`.
/// `status` is the exit status for that.
std::optional<boost::json::value> fetch_report(std::string_view admin_url, std::string_view path, std::ostream& err,
                                               int& status);

/// The URL of a page of the instance that runs with these settings, on this machine. Nothing where the
/// HTTP side is off.
std::optional<std::string> local_url(const config::Settings& settings, std::string_view path);

/// An unspecified address is reached by the loopback address of its family.
net::Address reachable(const net::Address& address);

}  // namespace dproxy::cli
