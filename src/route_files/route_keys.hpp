// SPDX-License-Identifier: MIT
// The keys of a route: which there are, and how the keys of one section become RouteSettings.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ini/diagnostic.hpp"
#include "ini/missing_interface.hpp"
#include "route_files/encryption_check.hpp"
#include "route_files/tls_draft.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::config {

inline constexpr std::chrono::milliseconds min_route_timeout{10};
inline constexpr std::chrono::milliseconds max_route_timeout{60'000};
inline constexpr std::chrono::milliseconds min_hedge{5};
inline constexpr std::uint32_t max_route_inflight = 1'000'000;
inline constexpr std::chrono::milliseconds max_answer_ttl = std::chrono::hours{24 * 7};

/// What is built. A value that asks for more is refused with a message that says so.
struct Capabilities {
    const EncryptionCheck* encryption = nullptr;  ///< of `tls` and the tls_ keys; null: this build has no TLS
    InterfaceCheck interface_exists = &io::interface_exists;
    std::string_view extension = ".prox";  ///< of route files, which no list has
};

/// One key, as the documentation shows it.
struct RouteKey {
    std::string_view name;
    std::string_view meaning;
    std::string_view default_text;
};

/// Every key, in the order of the documentation.
std::span<const RouteKey> route_keys();
inline constexpr std::size_t route_key_count = 34;

/// One section while its keys are read. Messages carry line and text; the file is filled in by the caller.
class RouteDraft {
public:
    RouteDraft(std::uint32_t line, const Capabilities& capabilities) : line_(line), capabilities_(capabilities) {}

    /// `key` is in lower case.
    void set(std::uint32_t line, std::string_view key, std::string_view value, Diagnostics& faults);
    /// A fault of form stood in the section: a key may have been lost, so none is reported as missing.
    void spoil() { faulty_ = spoilt_ = true; }
    /// The settings of the section, where it is without a fault. To be called once, after the last key. `text_of`: of
    /// files that stand beside the route file.
    std::optional<routing::RouteSettings> finish(const TextFinder& text_of, Diagnostics& faults,
                                                 Diagnostics& warnings);
    /// `patterns`: the name of a list file, with the line that says so. Empty where there is none, or a bad one.
    std::string_view list() const { return list_; }
    std::uint32_t list_line() const { return given("patterns").line; }
    /// The list cannot be had.
    void refuse_list(const std::string& why, Diagnostics& faults) {
        fault(list_line(), "`patterns`: " + why, faults);
    }
    /// A fault is that an interface is not there, which it may be later without a change to the file.
    bool awaits_interface() const { return awaits_interface_; }

private:
    friend struct RouteKeyReader;
    struct Given {
        std::uint32_t line = 0;  ///< 0: the key was not given
        std::string_view value;
        bool bad = false;        ///< the value is: nothing else is concluded from it
    };
    void fault(std::uint32_t line, std::string message, Diagnostics& faults);
    const Given& given(std::string_view key) const;
    void read_address(Diagnostics& faults);
    void check_encryption(const TextFinder& text_of, Diagnostics& faults, Diagnostics& warnings);
    void check_https_path(Diagnostics& faults);
    void check_hedge(Diagnostics& faults);
    void check_ttl(Diagnostics& faults);
    void check_audience(Diagnostics& warnings);
    void check_keeping(Diagnostics& faults);

    std::uint32_t line_;
    Capabilities capabilities_;
    routing::RouteSettings settings_;
    TlsDraft tls_;
    std::optional<std::uint16_t> port_;
    std::string_view list_;
    std::array<Given, route_key_count> given_{};
    bool faulty_ = false;
    bool spoilt_ = false;
    bool awaits_interface_ = false;
};

}  // namespace dproxy::config
