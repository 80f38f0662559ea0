// SPDX-License-Identifier: MIT
// Whether a message says what it should.
#pragma once

#include <string_view>

namespace dproxy::config {

inline bool mentions(std::string_view message, std::string_view part) {
    return message.find(part) != std::string_view::npos;
}

}  // namespace dproxy::config
