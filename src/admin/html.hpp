// SPDX-License-Identifier: MIT
// Text of unknown origin, made fit to stand in a page: as content of an element or between double quotes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dproxy::admin {

/// Control characters, changes of direction and what is no UTF-8 become `\xNN`, then & < > " ' are escaped.
/// Of a text longer than `most` bytes the beginning is taken, and `...` says so.
std::string html(std::string_view text, std::size_t most = 300);

}  // namespace dproxy::admin
