// SPDX-License-Identifier: MIT
#include "cli/host_lookup.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "cli/dns_exchange.hpp"
#include "dns/address_answer.hpp"
#include "dns/ask.hpp"

namespace dproxy::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Asks one nameserver after the other until one says whether the name has such an address.
std::optional<net::Address> ask_for(const dns::Name& name, std::uint16_t type,
                                    const std::vector<net::Endpoint>& nameservers, Clock::time_point deadline) {
    std::array<std::uint8_t, dns::ask_capacity> bytes;
    const auto length = dns::write_query(name, type, static_cast<std::uint16_t>(std::random_device{}()), {}, bytes);
    for (const auto& nameserver : nameservers) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        if (left <= milliseconds{0}) break;
        const auto response = exchange_udp(nameserver, dns::Bytes(bytes).first(length), std::min(left, lookup_pause));
        if (!response.error.empty()) continue;
        const auto answer = dns::read_address_answer(response.reply);
        if (answer.finding == dns::AddressFinding::failed) continue;
        if (answer.addresses.empty()) return std::nullopt;
        return answer.addresses.front();
    }
    return std::nullopt;
}

}  // namespace

std::optional<net::Address> look_up_host(std::string_view host, const routing::ResolverSettings& settings,
                                         milliseconds timeout) {
    const auto parsed = dns::Name::parse(host, true);
    if (parsed.fault) return std::nullopt;
    if (routing::is_localhost(parsed.name.to_text())) return net::Address::v4(127, 0, 0, 1);
    const auto deadline = Clock::now() + timeout;
    for (const dns::Name& name : routing::host_candidates(host, settings)) {
        for (const auto type : {dns::type::a, dns::type::aaaa}) {
            if (const auto address = ask_for(name, type, settings.nameservers, deadline)) return address;
        }
    }
    return std::nullopt;
}

}  // namespace dproxy::cli
