// SPDX-License-Identifier: MIT
// JSON as text, with numbers as people write them: Boost.JSON writes 0.43 as 4.3E-1.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace dproxy::server {

/// Fractions have at most six places and no exponent; one that is no number is null.
std::string json_text(const boost::json::value& value);

}  // namespace dproxy::server
