// SPDX-License-Identifier: MIT
// Queries and replies of a run. A name begins with a label that tells whose question it is, and a reply's data tell it
// again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dns/query.hpp"
#include "simulation/random.hpp"
#include "support/packets.hpp"

namespace dproxy::simulation {

/// Of names that others ask for as well.
inline constexpr std::uint32_t shared_marker = 0x80000000;

/// `q17.domain`, in mixed case now and then (draft-vixie-dnsext-dns0x20).
std::string own_name(std::uint64_t number, const std::string& domain, Random& random);
/// `s3.domain`.
std::string shared_name(std::uint64_t which, const std::string& domain);

/// The number in the first label of the question's name, where it is one client's alone.
std::optional<std::uint64_t> number_of(dns::Bytes message);
/// What an honest reply's data tell: of the question itself.
std::uint32_t marker_for(dns::Bytes message, const dns::Question& question);
/// The same, read from the first record of an answer that has one of ours.
std::optional<std::uint32_t> marker_of(dns::Bytes message, const dns::Question& question);

/// A reply to the query: header, its question, and an address that holds the marker where `rcode` is NOERROR.
/// `rcode` may have upper bits where the query has an OPT. `padding`: bytes of more records.
/// `options`: for its OPT, where it has one.
test::Octets reply_to(dns::Bytes query, std::uint16_t rcode, std::size_t padding, bool truncated, std::uint32_t marker,
                      const test::Octets& options = {}, std::uint32_t ttl = 300);

/// Of the hop between a nameserver and the worker, and no client's business (RFC 7828).
const test::Octets& keepalive_of_nameserver();

}  // namespace dproxy::simulation
