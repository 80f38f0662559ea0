// SPDX-License-Identifier: MIT
// What reports say of a route in a few words. A report may come from another instance: nothing is relied on to be
// there.
// Held by tests/unit/reports/route_report_text_test.cpp.
#pragma once

#include <boost/json/fwd.hpp>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dproxy::config {

/// A member as text; empty where there is none.
std::string text_of(const boost::json::object& object, std::string_view key);
/// The items of a member that is a list, with commas.
std::string list_of(const boost::json::object& object, std::string_view key);
/// Where the queries go: upstreams, `answers NXDOMAIN`, `dropped`.
std::string destination_of(const boost::json::object& object);

/// Of an explanation. What becomes of the name, as a sentence without its point.
std::string verdict_of(const boost::json::object& report);
/// The winner's keys in a word or two each, and their values: `section`, `upstreams`, `timeout`, ...
std::vector<std::pair<std::string_view, std::string>> winner_cells(const boost::json::object& report);
/// What lost: the pattern, where it stands or where it leads, and why it lost.
std::vector<std::array<std::string, 3>> lost_cells(const boost::json::object& report);

}  // namespace dproxy::config
