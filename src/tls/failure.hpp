// SPDX-License-Identifier: MIT
// Why a TLS session failed: a word for counters, a sentence for the log.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tls/handles.hpp"

namespace dproxy::tls {

enum class Failure : std::uint8_t {
    none,
    name,                ///< the peer's certificate is for another name
    authority,           ///< its certificate leads to no authority that is trusted here, or is no good otherwise
    expired,             ///< its certificate, or one of its chain
    not_yet_valid,       ///< the same
    pin,                 ///< none of the public keys that were expected is in its chain
    version,             ///< no version of TLS that both take
    cipher,              ///< no cipher, group or signature that both take
    protocol,            ///< no application protocol that both take (RFC 7301)
    no_certificate,      ///< we have none to show
    client_certificate,  ///< the client showed none, where one is asked for
    malformed,           ///< what came is no TLS, or against its rules
    alert,               ///< the peer ended it, and says why
    flood,               ///< too many messages that are not data
};
inline constexpr std::size_t failure_count = static_cast<std::size_t>(Failure::flood) + 1;

/// `not_yet_valid`: as labels of metrics have it.
std::string_view to_word(Failure failure);

struct Verdict {
    Failure failure = Failure::none;
    std::string text{};  ///< printable, holds nothing that the peer chose: `the peer's alert: unknown CA`
};

/// Of a connection of which OpenSSL just said that it failed. Takes the errors from the thread's queue.
Verdict verdict_on(const ssl_st& connection);
/// What the check of a chain said, one of OpenSSL's X509_V_ERR_*. `of_whom`: `the server's`, `the client's`.
Verdict verdict_on_chain(long verify_result, std::string_view of_whom);

}  // namespace dproxy::tls
