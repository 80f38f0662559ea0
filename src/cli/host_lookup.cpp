// SPDX-License-Identifier: MIT
#include "cli/host_lookup.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "cli/dns_exchange.hpp"
#include "dns/ask.hpp"
#include "dns/record.hpp"

namespace dproxy::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t v4_length = 4;
constexpr std::size_t v6_length = 16;

/// The first record of the answer section that is an address of the type. Which owner it has plays no part: a
/// resolver puts the aliases that lead to it in front.
std::optional<net::Address> first_address(dns::Bytes reply, std::uint16_t type) {
    std::size_t at = dns::header_length;
    if (!dns::skip_questions(reply, at)) return std::nullopt;
    for (auto left = dns::read_u16(reply.data() + 6); left > 0; --left) {
        dns::Record record;
        if (!dns::read_record(reply, at, record)) return std::nullopt;
        const auto data = record.rdata(reply);
        if (record.type != type || record.rclass != dns::class_in) continue;
        if (type == dns::type::a && data.size() == v4_length) {
            return net::Address::v4(data[0], data[1], data[2], data[3]);
        }
        if (type == dns::type::aaaa && data.size() == v6_length) {
            net::Address address;
            std::copy(data.begin(), data.end(), address.bytes.begin());
            return address;
        }
    }
    return std::nullopt;
}

/// Asks one nameserver after the other until one says whether the name has such an address.
std::optional<net::Address> ask_for(const dns::Name& name, std::uint16_t type, const config::ResolvConf& conf,
                                    std::uint16_t port, Clock::time_point deadline) {
    std::array<std::uint8_t, dns::ask_capacity> bytes;
    const auto length = dns::write_query(name, type, static_cast<std::uint16_t>(std::random_device{}()), {}, bytes);
    for (const auto& nameserver : conf.nameservers) {
        const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
        if (left <= milliseconds{0}) break;
        const auto answer =
            exchange_udp({nameserver, port}, dns::Bytes(bytes).first(length), std::min(left, lookup_pause));
        if (!answer.error.empty()) continue;
        const auto rcode = static_cast<dns::Rcode>(dns::rcode_of(answer.reply));
        if (rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain) return first_address(answer.reply, type);
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> names_to_try(std::string_view host, const config::ResolvConf& conf) {
    std::vector<std::string> names;
    for (const auto& domain : conf.search) {
        const std::string_view plain = domain;
        names.push_back(std::string(host) + "." + std::string(plain.substr(0, plain.find_last_not_of('.') + 1)));
    }
    const auto dots = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.'));
    names.insert(dots >= conf.ndots ? names.begin() : names.end(), std::string(host));
    return names;
}

std::optional<net::Address> look_up_host(std::string_view host, const config::ResolvConf& conf, std::uint16_t port,
                                         milliseconds timeout) {
    if (host == "localhost") return net::Address::v4(127, 0, 0, 1);
    const auto deadline = Clock::now() + timeout;
    for (const auto& text : names_to_try(host, conf)) {
        const auto parsed = dns::Name::parse(text, false);
        if (parsed.fault) continue;
        for (const auto type : {dns::type::a, dns::type::aaaa}) {
            if (const auto address = ask_for(parsed.name, type, conf, port, deadline)) return address;
        }
    }
    return std::nullopt;
}

}  // namespace dproxy::cli
