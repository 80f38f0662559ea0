// SPDX-License-Identifier: MIT
// Reads a section from its keys, as the tests of keys state them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"
#include "route_files/route_keys.hpp"
#include "trusting_encryption.hpp"

namespace dproxy::config {

using Keys = std::vector<std::pair<std::string_view, std::string_view>>;

inline const Capabilities everything{&test::trusting_encryption};

/// Every file is there, and holds its name.
inline NamedText any_text(std::string_view name) { return {std::make_shared<const std::string>(name)}; }

struct SectionReading {
    std::optional<routing::RouteSettings> settings;
    Diagnostics faults;
    Diagnostics warnings{};
};

/// The keys stand in lines 2, 3, ... of a section that begins in line 1.
inline SectionReading read(const Keys& keys, const Capabilities& capabilities = {}) {
    SectionReading reading;
    RouteDraft draft(1, capabilities);
    std::uint32_t line = 2;
    for (const auto& [key, value] : keys) draft.set(line++, key, value, reading.faults);
    reading.settings = draft.finish(any_text, reading.faults, reading.warnings);
    CHECK(reading.settings.has_value() == reading.faults.empty());
    return reading;
}

/// The settings of a section with an address and this key.
inline routing::RouteSettings with(std::string_view key, std::string_view value,
                                   const Capabilities& capabilities = {}) {
    const SectionReading reading = read({{"address", "192.0.2.1"}, {key, value}}, capabilities);
    INFO((reading.faults.empty() ? "" : reading.faults[0].message));
    REQUIRE(reading.settings);
    return *reading.settings;
}

/// The only fault of a section with an address and this key; it names the key and its line.
inline std::string fault(std::string_view key, std::string_view value, const Capabilities& capabilities = {}) {
    const SectionReading reading = read({{"address", "192.0.2.1"}, {key, value}}, capabilities);
    REQUIRE(reading.faults.size() == 1);
    CHECK(reading.faults[0].line == 3);
    CHECK(mentions(reading.faults[0].message, key));
    return reading.faults[0].message;
}

}  // namespace dproxy::config
