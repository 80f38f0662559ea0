// SPDX-License-Identifier: MIT
// The addresses in a reply to a question for A or AAAA (RFC 1035 3.4.1, RFC 3596 2.2), aliases followed.
#pragma once

#include <cstdint>
#include <vector>

#include "dns/message.hpp"
#include "net/address.hpp"

namespace dproxy::dns {

enum class AddressFinding : std::uint8_t {
    found,         ///< at least one address
    no_address,    ///< NOERROR: the name is there, perhaps, but has no address of this family
    no_such_name,  ///< NXDOMAIN
    failed,        ///< another rcode, or records that cannot be read: another server may know better
};

struct AddressAnswer {
    AddressFinding finding = AddressFinding::failed;
    std::vector<net::Address> addresses;  ///< in ascending order, each once
    std::uint32_t ttl = 0;                ///< seconds; the least of the addresses' and aliases' that led to them
};

/// Aliases followed in one answer; a longer chain, and one in a circle, is `failed`.
inline constexpr std::size_t max_aliases = 16;
/// Records read of one answer; the rest is not looked at.
inline constexpr std::size_t max_answer_records = 1024;

/// `reply` answers a question of ours (check_reply), of the type A or AAAA, and was not truncated. Records of
/// other names and types play no part. An alias that leads out of the answer ends in `no_address`: the server
/// is a recursive one, or has the whole chain.
AddressAnswer read_address_answer(Bytes reply);

}  // namespace dproxy::dns
