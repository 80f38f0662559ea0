// SPDX-License-Identifier: MIT
// The keys of a route (DESIGN 2.3): which there are, and how the keys of one section become RouteSettings.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config/diagnostic.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::config {

inline constexpr std::chrono::milliseconds min_route_timeout{10};
inline constexpr std::chrono::milliseconds max_route_timeout{60'000};
inline constexpr std::chrono::milliseconds min_hedge{5};
inline constexpr std::uint32_t max_route_inflight = 1'000'000;
inline constexpr std::uint16_t dns_port = 53;
inline constexpr std::uint16_t tls_port = 853;    ///< RFC 7858 3.1
inline constexpr std::uint16_t https_port = 443;  ///< RFC 8484

/// What is built. A value that asks for more is refused with a message that says so.
struct Capabilities {
    bool policies = true;         ///< other than `first`
    bool health = true;           ///< `on` and `passive`
    bool fallback = true;         ///< `fallback_on` other than `none`
    bool encryption = false;      ///< `tls`, `https`, and the tls_ keys
};

/// One key, as the documentation shows it.
struct RouteKey {
    std::string_view name;
    std::string_view meaning;
    std::string_view default_text;
};

/// Every key, in the order of the documentation.
std::span<const RouteKey> route_keys();
inline constexpr std::size_t route_key_count = 17;

/// One section while its keys are read. Messages carry line and text; the file is filled in by the caller.
class RouteDraft {
public:
    RouteDraft(std::uint32_t line, const Capabilities& capabilities) : line_(line), capabilities_(capabilities) {}

    /// `key` is in lower case.
    void set(std::uint32_t line, std::string_view key, std::string_view value, Diagnostics& faults);
    /// A fault of form stood in the section: a key may have been lost, so none is reported as missing.
    void spoil() { faulty_ = spoilt_ = true; }
    /// The settings of the section, where it is without a fault. To be called once, after the last key.
    std::optional<routing::RouteSettings> finish(Diagnostics& faults);

private:
    friend struct RouteKeyReader;
    struct Given {
        std::uint32_t line = 0;  ///< 0: the key was not given
        std::string_view value;
    };
    void fault(std::uint32_t line, std::string message, Diagnostics& faults);
    const Given& given(std::string_view key) const;
    void read_address(Diagnostics& faults);
    void check_encryption(Diagnostics& faults);
    void check_hedge(Diagnostics& faults);
    bool encrypted() const;

    std::uint32_t line_;
    Capabilities capabilities_;
    routing::RouteSettings settings_;
    std::optional<std::uint16_t> port_;
    std::array<Given, route_key_count> given_{};
    bool faulty_ = false;
    bool spoilt_ = false;
};

}  // namespace dproxy::config
