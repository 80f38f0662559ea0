// SPDX-License-Identifier: MIT
#include "net/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "net/keyed_hash.hpp"

namespace dproxy::net {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::uint8_t mapped_bits = 96;

/// inet_pton and inet_ntop work on C strings; no address is longer than this.
using TextBuffer = std::array<char, INET6_ADDRSTRLEN>;

bool copy_text(std::string_view text, TextBuffer& buffer) {
    if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return false;
    std::copy(text.begin(), text.end(), buffer.begin());
    buffer[text.size()] = '\0';
    return true;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, unsigned highest) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || stopped != end || value > highest) return std::nullopt;
    return static_cast<Number>(value);
}

bool written_as_v6(std::string_view text) { return text.find(':') != std::string_view::npos; }

/// What stands behind the `%`: the name of an interface, or its number, which is never 0. False where it is neither.
bool read_zone(std::string_view text, std::array<char, max_zone_length + 1>& zone) {
    const bool is_number = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    const auto fits = [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '%' && c != '[' && c != ']'; };
    if (text.empty() || text.size() > max_zone_length || !std::all_of(text.begin(), text.end(), fits)) return false;
    std::copy(text.begin(), text.end(), zone.begin());
    return true;
}

}  // namespace

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, {}};
}

std::optional<Address> Address::parse(std::string_view text) {
    TextBuffer buffer;
    if (!copy_text(text, buffer)) return std::nullopt;
    Address address;
    if (written_as_v6(text)) {
        if (inet_pton(AF_INET6, buffer.data(), address.bytes.data()) != 1) return std::nullopt;
        return address;
    }
    std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
    if (inet_pton(AF_INET, buffer.data(), address.bytes.data() + mapped_prefix.size()) != 1) return std::nullopt;
    return address;
}

std::optional<Address> Address::parse_zoned(std::string_view text) {
    const std::size_t percent = text.find('%');
    auto address = parse(text.substr(0, percent));
    if (!address || percent == std::string_view::npos) return address;
    if (!address->is_link_local() || !read_zone(text.substr(percent + 1), address->zone)) return std::nullopt;
    return address;
}

bool Address::is_v4() const { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin()); }

bool Address::is_loopback() const {
    if (is_v4()) return bytes[12] == 127;
    return std::all_of(bytes.begin(), bytes.end() - 1, [](auto byte) { return byte == 0; }) && bytes[15] == 1;
}

bool Address::is_unspecified() const {
    const auto begin = is_v4() ? bytes.begin() + mapped_prefix.size() : bytes.begin();
    return std::all_of(begin, bytes.end(), [](auto byte) { return byte == 0; });
}

bool Address::is_link_local() const { return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }

std::string Address::to_string() const {
    TextBuffer buffer;
    if (is_v4()) return inet_ntop(AF_INET, bytes.data() + mapped_prefix.size(), buffer.data(), buffer.size());
    std::string text = inet_ntop(AF_INET6, bytes.data(), buffer.data(), buffer.size());
    if (zone[0] != '\0') text.append(1, '%').append(zone_text());
    return text;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
    std::string_view host = text;
    std::optional<std::uint16_t> port = default_port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = text.substr(1, close - 1);
        if (!written_as_v6(host)) return std::nullopt;
        const auto rest = text.substr(close + 1);
        if (!rest.empty()) {
            if (rest.front() != ':') return std::nullopt;
            port = parse_number<std::uint16_t>(rest.substr(1), 65535);
        }
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        const auto colon = text.find(':');
        host = text.substr(0, colon);
        port = parse_number<std::uint16_t>(text.substr(colon + 1), 65535);
    }
    const auto address = Address::parse_zoned(host);
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, *port};
}

std::string Endpoint::to_string() const {
    std::string text = address.to_string();
    if (!address.is_v4()) text.insert(0, 1, '[') += ']';
    return (text += ':') += std::to_string(port);
}

std::optional<Network> Network::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const bool v6 = written_as_v6(text);
    Network network{*address, 128};
    if (slash != std::string_view::npos) {
        const auto prefix = parse_number<std::uint8_t>(text.substr(slash + 1), v6 ? 128 : 32);
        if (!prefix) return std::nullopt;
        network.prefix = static_cast<std::uint8_t>(*prefix + (v6 ? 0 : mapped_bits));
    }
    for (std::size_t bit = network.prefix; bit < 128; ++bit)
        network.base.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
    return network;
}

bool Network::contains(const Address& address) const {
    if (prefix < mapped_bits && address.is_v4()) return false;
    const std::size_t whole = prefix / 8;
    if (std::memcmp(base.bytes.data(), address.bytes.data(), whole) != 0) return false;
    const unsigned rest = prefix % 8;
    return rest == 0 || ((base.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

std::string Network::to_string() const {
    const bool v4 = prefix >= mapped_bits && base.is_v4();
    return base.to_string() + "/" + std::to_string(v4 ? prefix - mapped_bits : prefix);
}

}  // namespace dproxy::net

std::size_t std::hash<dproxy::net::Address>::operator()(const dproxy::net::Address& address) const noexcept {
    // The zone plays no part: who has an address in two of them has two entries in one place.
    return static_cast<std::size_t>(dproxy::net::process_hash().of(address.bytes));
}

std::size_t std::hash<dproxy::net::Endpoint>::operator()(const dproxy::net::Endpoint& endpoint) const noexcept {
    const auto& keyed = dproxy::net::process_hash();
    const std::string_view bytes(reinterpret_cast<const char*>(endpoint.address.bytes.data()), sizeof endpoint.address);
    const std::uint64_t state = keyed.take_text(keyed.begin(), bytes);
    return static_cast<std::size_t>(keyed.finish(keyed.take(state, endpoint.port)));
}
