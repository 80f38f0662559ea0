// SPDX-License-Identifier: MIT
// One request of DNS over HTTPS (RFC 8484 4.1) as it comes, piece by piece: either a DNS message comes out of it, or a
// status that says why not. Knows neither HTTP/1.1 nor HTTP/2: who does hands it method, target, fields and body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "http/forwarded.hpp"
#include "http/response_head.hpp"
#include "http/status.hpp"
#include "net/address.hpp"
#include "net/network_list.hpp"

namespace dproxy::http {

/// What is the same for all requests that come to a listener. Immutable, outlives them all.
struct Place {
    std::string path = "/dns-query";  ///< every other is 404
    net::NetworkList trusted_proxies;
};

/// One thread. Holds no more than `header_bytes` and `body_bytes`, whatever comes; once it is refused, nothing more of
/// what it is told.
class DnsRequest {
public:
    DnsRequest(const Place& place, const net::Address& peer);

    // The head, in any order.
    void take_method(std::string_view method);
    void take_target(std::string_view target);
    /// `name` is in lower case.
    void take_field(std::string_view name, std::string_view value);
    /// Refuses the request for a reason that is not seen here.
    void refuse(Status status);
    /// The head is whole. A request that cannot be answered is refused by now, without its body.
    void end_head(bool has_body);

    void take_body(dns::Bytes piece);
    /// All of it is there. What is not refused now has a message.
    void end();

    /// What it is refused with; a preflight of a browser is (with `no_content`).
    std::optional<Status> refused() const { return refused_; }
    Refusal refusal() const { return {*refused_, is_preflight_}; }
    /// Of the head so far, as limits count it.
    std::size_t header_size() const { return header_size_; }
    /// The client said that it sends its body when it is told to (RFC 9110 10.1.1).
    bool expects_continue() const { return expects_continue_; }
    std::size_t held_bytes() const;

    // Of one that has ended and is not refused.
    std::vector<std::uint8_t> take_message() { return std::move(body_); }
    const net::Address& client() const { return client_; }

private:
    enum class Method : std::uint8_t { none, get, post, options, known, unknown };

    void take_content_field(std::string_view name, std::string_view value);
    void judge_target();

    const Place& place_;
    const bool is_forwarded_;  ///< the peer may say on whose behalf it asks
    net::Address client_;
    Method method_ = Method::none;
    bool is_preflight_ = false;
    bool is_dns_message_ = false;  ///< by its content type
    bool is_encoded_ = false;
    bool expects_continue_ = false;
    bool has_body_ = false;
    std::optional<Status> refused_;
    std::size_t header_size_ = 0;
    std::string target_;
    ForwardingFields forwarding_;
    std::vector<std::uint8_t> body_;
};

}  // namespace dproxy::http
