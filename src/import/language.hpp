// SPDX-License-Identifier: MIT
// The languages of other DNS servers that are read, and which of them a file is written in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dproxy::foreign {

enum class Language : std::uint8_t { corefile, dnsmasq, unbound, bind };

/// `corefile`, `dnsmasq`, `unbound`, `bind`.
std::string_view name_of(Language language);
std::optional<Language> parse_language(std::string_view text);

/// By the words that lines begin with, and by the file's name. Nothing where nothing speaks for any, or as much for
/// two.
std::optional<Language> recognise(std::string_view file_name, std::string_view text);

}  // namespace dproxy::foreign
