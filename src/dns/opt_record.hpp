// SPDX-License-Identifier: MIT
// Changes to the OPT record (RFC 6891 6.1) of a message. Names in records behind it stay right: their pointers are
// moved. No other record is changed.
#pragma once

#include <cstdint>

#include "dns/record.hpp"

namespace dproxy::dns {

/// An OPT without options whose owner is the root.
inline constexpr std::size_t opt_fixed_length = 1 + record_fixed_length;

/// Options by their codes, which are below 32.
using OptionSet = std::uint32_t;
constexpr OptionSet set_of(std::uint16_t code) { return OptionSet{1} << code; }

/// Takes the OPT out, in place. `place` is what find_opt made of the message, and found. Returns the length from now
/// on. An rcode whose upper bits go with the OPT becomes SERVFAIL.
std::size_t remove_opt(MutableBytes message, const OptPlace& place);

/// Takes out of the OPT those of its options that `options` names, in place; the OPT stays. Nothing where the options
/// do not fill the RDATA.
std::size_t remove_options(MutableBytes message, const OptPlace& place, OptionSet options);

/// Writes `message` to `out` with `options` behind those of its OPT, which becomes the last record; where there is
/// none, one that states safe_udp_size is added. `out` has room for opt_fixed_length and the options more than the
/// message has. 0, and nothing is written, where the message cannot be walked, is signed, or would be over 65,535
/// bytes.
std::size_t write_with_options(Bytes message, Bytes options, MutableBytes out);

}  // namespace dproxy::dns
