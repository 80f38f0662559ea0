// SPDX-License-Identifier: MIT
#include "net/proxy_header.hpp"

#include <algorithm>

namespace dproxy::net {

std::size_t write_proxy_header(ProxyCommand command, ProxyTransport transport, const Endpoint& source,
                               const Endpoint& destination, std::span<std::uint8_t, proxy_header_capacity> out) {
    std::uint8_t* at = std::copy(proxy_signature.begin(), proxy_signature.end(), out.data());
    *at++ = static_cast<std::uint8_t>(proxy_version << 4 | static_cast<unsigned>(command));
    if (command == ProxyCommand::local) {
        at = std::fill_n(at, 3, std::uint8_t{0});
        return static_cast<std::size_t>(at - out.data());
    }
    const bool v4 = source.address.is_v4() && destination.address.is_v4();
    const std::size_t skipped = v4 ? 12 : 0;
    *at++ = static_cast<std::uint8_t>((v4 ? proxy_family_v4 : proxy_family_v6) << 4 | static_cast<unsigned>(transport));
    *at++ = 0;
    *at++ = static_cast<std::uint8_t>(2 * (16 - skipped + 2));
    for (const Endpoint* end : {&source, &destination})
        at = std::copy(end->address.bytes.begin() + skipped, end->address.bytes.end(), at);
    for (const Endpoint* end : {&source, &destination}) {
        *at++ = static_cast<std::uint8_t>(end->port >> 8);
        *at++ = static_cast<std::uint8_t>(end->port);
    }
    return static_cast<std::size_t>(at - out.data());
}

}  // namespace dproxy::net
