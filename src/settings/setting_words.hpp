// SPDX-License-Identifier: MIT
// Values of settings that several keys share: addresses to listen on, names of files and directories.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ini/missing_interface.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_listen_addresses = 64;

/// Stores a good value, hands back the fault of a bad one.
template <typename T, typename Field>
std::string take(Parsed<T> parsed, Field& field) {
    if (parsed) field = static_cast<Field>(std::move(*parsed.value));
    return std::move(parsed.fault);
}

/// `0.0.0.0:53, [::1]`, each once, 1 to max_listen_addresses. Port 0 takes a free one.
Parsed<std::vector<net::Endpoint>> parse_listen(std::string_view text, std::uint16_t default_port,
                                                const InterfaceCheck& interface_exists);
/// Separated by commas only: a path may hold blanks. At least one, none empty. `what`: `directories`.
Parsed<std::vector<std::string>> parse_paths(std::string_view text, std::string_view what, std::size_t most);

}  // namespace dproxy::config
