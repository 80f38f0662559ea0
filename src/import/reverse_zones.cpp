// SPDX-License-Identifier: MIT
#include "import/reverse_zones.hpp"

#include "net/address.hpp"

namespace dproxy::foreign {
namespace {

constexpr unsigned mapped_bits = 96;  ///< in front of an IPv4 address, see net::Network

/// The number that the `index`th group of `width` bits is.
unsigned group_of(const net::Address& address, unsigned first_bit, unsigned index, unsigned width) {
    const unsigned bit = first_bit + index * width;
    const unsigned byte = address.bytes[bit / 8];
    return width == 8 ? byte : (bit % 8 == 0 ? byte >> 4 : byte & 15);
}

std::string group_text(unsigned value, unsigned width) {
    return width == 8 ? std::to_string(value) : std::string(1, "0123456789abcdef"[value]);
}

}  // namespace

std::vector<std::string> reverse_zones(std::string_view text) {
    const auto network = net::Network::parse(text);
    if (!network || text.find('/') == std::string_view::npos) return {};
    const bool is_v4 = network->base.is_v4() && network->prefix >= mapped_bits;
    const unsigned first_bit = is_v4 ? mapped_bits : 0, width = is_v4 ? 8 : 4;
    const unsigned length = network->prefix - first_bit;
    const unsigned whole = length / width, rest = length % width;
    std::string above = is_v4 ? "in-addr.arpa" : "ip6.arpa";
    for (unsigned i = 0; i < whole; ++i) {
        above.insert(0, group_text(group_of(network->base, first_bit, i, width), width) + ".");
    }
    if (rest == 0) return {above};
    std::vector<std::string> zones;
    const unsigned first = group_of(network->base, first_bit, whole, width);
    for (unsigned i = 0; i < (1U << (width - rest)); ++i) {
        zones.push_back(group_text(first + i, width) + "." + above);
    }
    return zones;
}

}  // namespace dproxy::foreign
