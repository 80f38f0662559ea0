// SPDX-License-Identifier: MIT
// One DNS message to a nameserver over TLS or HTTPS, and its reply, waited for: for the verb `ask`.
#pragma once

#include <string>

#include "cli/ask_encryption.hpp"
#include "cli/dns_exchange.hpp"
#include "dns/message.hpp"
#include "http2/client_session.hpp"
#include "net/address.hpp"

namespace dproxy::cli {

/// Over TLS, each message behind its length (RFC 7858 3.3). `filter` is one that has carried nothing yet; where the
/// answer is `refused`, it still has not. `timeout` is for all of it.
DnsAnswer exchange_tls(const net::Endpoint& server, dns::Bytes query, const AskEncryption& encryption,
                       io::StreamFilter& filter, std::chrono::milliseconds timeout = ask_tcp_timeout);
/// The same as a POST over HTTP/2 (RFC 8484). The ID of `query` is 0 (RFC 8484 4.1).
DnsAnswer exchange_https(const net::Endpoint& server, dns::Bytes query, const AskEncryption& encryption,
                         io::StreamFilter& filter, const http2::Resource& resource,
                         std::chrono::milliseconds timeout = ask_tcp_timeout);

}  // namespace dproxy::cli
