// SPDX-License-Identifier: MIT
// EDNS Client Subnet (RFC 7871): tells an upstream the client's network, and takes the traces of it out
// of the reply, so that the client sees the answer to what it asked.
#pragma once

#include <cstdint>

#include "dns/message.hpp"
#include "dns/query.hpp"
#include "net/address.hpp"

namespace dproxy::dns {

inline constexpr std::uint8_t client_subnet_prefix_v4 = 24;  ///< RFC 7871 11.1
inline constexpr std::uint8_t client_subnet_prefix_v6 = 56;

/// What was added to a query, and has to be taken out of its reply.
enum class AddedSubnet : std::uint8_t {
    nothing,  ///< the message must not be touched
    option,   ///< an option in the client's own OPT
    opt,      ///< an OPT record with the option: the client has no EDNS
};

struct WithSubnet {
    AddedSubnet added = AddedSubnet::nothing;
    std::size_t length = 0;  ///< of the message written; 0 where nothing was added
};

/// The most that add_client_subnet adds: an OPT record with an option of an IPv6 network.
inline constexpr std::size_t client_subnet_growth = 11 + 4 + 4 + client_subnet_prefix_v6 / 8;

/// Writes `message` with the client's network to `out`. `query` is what read_query made of it. Adds nothing,
/// and writes nothing, to a message that is signed, has the option already, cannot be walked to its end,
/// is no QUERY, has an EDNS version above 0, has records behind its OPT (pointers could lead there), or
/// would not fit into `out` or 65,535 bytes. An added OPT states the client's own UDP limit: 512.
WithSubnet add_client_subnet(Bytes message, const Query& query, const net::Address& client, MutableBytes out);

/// Whether a server may say so because of an option or OPT that it does not want: REFUSED, FORMERR, NOTIMP, BADVERS,
/// BADCOOKIE. `rcode` with its upper bits.
bool may_refuse_what_was_added(std::uint16_t rcode);

/// Takes out of a reply (or of the query itself), in place, what was added to the query; returns the length from now
/// on. Names in records behind the OPT stay right: their pointers are moved. A reply that cannot be walked is left as
/// it is. An rcode whose upper bits go with the OPT becomes SERVFAIL.
std::size_t remove_client_subnet(MutableBytes reply, AddedSubnet added);

}  // namespace dproxy::dns
