// SPDX-License-Identifier: MIT
// Takes any text for what it should be, but for the word `bad`.
#pragma once

#include "route_files/encryption_check.hpp"

namespace dproxy::test {

struct TrustingEncryption final : config::EncryptionCheck {
    std::string authorities_fault(const routing::TextBeside& file) const override {
        return file.view() == "bad" ? file.name + ": no certificates" : "";
    }
    std::string identity_fault(const routing::TextBeside& certificate, const routing::TextBeside& key) const override {
        return certificate.view() == "bad" || key.view() == "bad" ? certificate.name + ": does not fit its key" : "";
    }
    bool is_pin(std::string_view text) const override { return text.starts_with("sha256/"); }
};

inline const TrustingEncryption trusting_encryption;

}  // namespace dproxy::test
