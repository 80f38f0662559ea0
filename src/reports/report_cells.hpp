// SPDX-License-Identifier: MIT
// What reports say of a route in a few words. A report may come from another instance: nothing is relied on to be
// there.
// Held by tests/unit/reports/route_report_text_test.cpp.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace dproxy::config {

/// A member as text; empty where there is none.
std::string text_of(const boost::json::object& object, std::string_view key);
/// The items of a member that is a list, with commas.
std::string list_of(const boost::json::object& object, std::string_view key);
/// Where the queries go: upstreams, `answers NXDOMAIN`, `dropped`.
std::string destination_of(const boost::json::object& object);

}  // namespace dproxy::config
