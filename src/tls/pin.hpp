// SPDX-License-Identifier: MIT
// A public key by its digest, `sha256/BASE64` (RFC 7469 2.4): who is expected, whoever vouches for it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tls/handles.hpp"

namespace dproxy::tls {

using Pin = std::array<std::uint8_t, 32>;  ///< SHA-256 of the SubjectPublicKeyInfo

std::optional<Pin> parse_pin(std::string_view text);
Pin pin_of(const x509_st& certificate);

/// Whether one of the pins is in a chain. Of the certificates that a peer sends beside its own, those count that the
/// one before is signed by: others prove nothing, anybody may send them.
bool holds_pin(x509_st& own, stack_st_X509* sent, const std::vector<Pin>& pins);

}  // namespace dproxy::tls
