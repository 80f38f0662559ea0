// SPDX-License-Identifier: MIT
// The tls_ keys of one section while they are read.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "route_files/content_hash.hpp"
#include "route_files/encryption_check.hpp"
#include "routing/tls_settings.hpp"

namespace dproxy::config {

inline constexpr std::size_t max_pins = 16;  ///< of one section

/// A file beside a route file, as the route file finds it.
struct NamedText {
    std::shared_ptr<const std::string> text{};  ///< null: `fault` says why, unless it is `held`
    ContentHash content{};                      ///< of the text, or of the fault
    std::string fault{};
    bool held = false;  ///< new, and still being written
};
using TextFinder = std::function<NamedText(std::string_view name)>;

class TlsDraft {
public:
    // Of each key: what is wrong with the value, or nothing.
    std::string name(std::string_view value);
    std::string verify(std::string_view value);
    std::string pins(std::string_view value, const EncryptionCheck& check);
    std::string authorities(std::string_view value, std::string_view extension);
    std::string certificate(std::string_view value, std::string_view extension);
    std::string key(std::string_view value, std::string_view extension);

    bool verifies() const { return settings_.verify; }

    /// What is wrong between the keys, or with the files that they name.
    struct Fault {
        std::string_view key{};  ///< that says it; empty: nothing is wrong
        std::string message{};
    };
    /// Reads the files, which is to be done once, after the last key.
    Fault read_files(const TextFinder& text_of, const EncryptionCheck& check);
    /// What an operator should think about, or nothing.
    std::string doubt() const;
    const routing::TlsSettings& settings() const { return settings_; }

private:
    static Fault read(std::string_view key, routing::TextBeside& file, const TextFinder& text_of);

    routing::TlsSettings settings_;
};

}  // namespace dproxy::config
