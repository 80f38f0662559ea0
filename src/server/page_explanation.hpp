// SPDX-License-Identifier: MIT
// What /explain says, in words, for the page at /.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace dproxy::server {

/// `destination` is HTML: where the queries go now; empty where there is nothing to add.
void add_explanation(const boost::json::object& report, std::string_view destination, std::string& page);
/// Why what was asked cannot be read.
void add_misunderstanding(std::string_view fault, std::string& page);

}  // namespace dproxy::server
