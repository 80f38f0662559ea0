// SPDX-License-Identifier: MIT
#include "relay/own_hop.hpp"

#include <algorithm>
#include <limits>

namespace dproxy::proxy {

namespace {

constexpr std::uint64_t keepalive_unit_ns = 100'000'000;  // RFC 7828 3.1

}  // namespace

dns::MutableBytes OwnHop::take(dns::MutableBytes message, dns::Query& query, Client& client, std::uint32_t now) const {
    const dns::HopOptions& hop = query.hop;
    if (hop.has_cookie && hop.server_cookie_length != 0) {
        const auto server_cookie = message.subspan(hop.server_cookie_offset, hop.server_cookie_length);
        client.has_cookie = secrets_->accepts(server_cookie, hop.cookie, client.source.address(), now);
    }
    return message.first(dns::remove_hop_options(message, query));
}

dns::HopAnswer OwnHop::answer(const dns::Query& query, const Client& client, std::uint32_t now) const {
    dns::HopAnswer answer;
    if (query.hop.has_cookie) {
        const dns::ClientCookie& cookie = query.hop.cookie;
        answer.add_cookie(cookie, secrets_->make(cookie, client.source.address(), now));
    }
    if (query.hop.asks_keepalive && client.arrival().has_idle_time) {
        constexpr std::uint64_t most = std::numeric_limits<std::uint16_t>::max();
        answer.add_keepalive(static_cast<std::uint16_t>(std::min(idle_ns_ / keepalive_unit_ns, most)));
    }
    return answer;
}

}  // namespace dproxy::proxy
