// SPDX-License-Identifier: MIT
#include "dns/ask.hpp"

#include <algorithm>
#include <cassert>

namespace dproxy::dns {

std::size_t write_query(const Name& name, std::uint16_t type, std::uint16_t id, const AskOptions& options,
                        MutableBytes out) {
    assert(out.size() >= ask_capacity);
    std::fill_n(out.data(), header_length, std::uint8_t{0});
    set_id(out, id);
    out[2] = options.recursion_desired ? 1 : 0;
    write_u16(out.data() + 4, 1);
    write_u16(out.data() + 10, options.edns ? 1 : 0);

    const Bytes wire = name.wire();
    std::uint8_t* at = std::copy(wire.begin(), wire.end(), out.data() + header_length);
    write_u16(at, type);
    write_u16(at + 2, options.qclass);
    at += 4;
    if (options.edns) {
        *at++ = 0;
        write_u16(at, type::opt);
        write_u16(at + 2, options.udp_size);
        write_u16(at + 4, 0);
        write_u16(at + 6, options.dnssec_ok ? 0x8000 : 0);
        write_u16(at + 8, 0);
        at += 10;
    }
    return static_cast<std::size_t>(at - out.data());
}

}  // namespace dproxy::dns
