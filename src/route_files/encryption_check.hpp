// SPDX-License-Identifier: MIT
// Who knows what the files of `tls_` keys have to be: route files themselves are read without knowing TLS.
// Held by tests/unit/certificates/upstream_encryption_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "routing/tls_settings.hpp"

namespace dproxy::config {

/// Several threads may ask at a time. Each gives a sentence about what is wrong, which holds nothing of a key, or
/// nothing.
class EncryptionCheck {
public:
    virtual ~EncryptionCheck() = default;
    /// Certificates of authorities. Where no file is given: the system's.
    virtual std::string authorities_fault(const routing::TextBeside& file) const = 0;
    virtual std::string identity_fault(const routing::TextBeside& certificate,
                                       const routing::TextBeside& key) const = 0;
    virtual bool is_pin(std::string_view text) const = 0;
};

}  // namespace dproxy::config
