// SPDX-License-Identifier: MIT
// What makes two questions the same one: everything that an upstream's answer may depend on, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dns/message.hpp"
#include "dns/query.hpp"

namespace dproxy::cache {

/// A view: the message stays as it is for as long as the key is used.
struct QuestionKey {
    std::uint64_t hash = 0;      ///< of all below; keyed, so that nobody outside can choose ones that meet
    std::uint32_t route = 0;     ///< what the caller takes for the same way to ask; never given to another
    std::uint16_t flags = 0;     ///< of the header (RD, AD, CD), and DO
    dns::Bytes question;         ///< name in any case, type, class, as on the wire
    dns::Bytes subnet;           ///< the client's network as the upstream is told it (`client_subnet`), or nothing
};

/// The longest QuestionKey::subnet.
inline constexpr std::size_t max_subnet_bytes = 18;

/// Nothing where the answer is not for others: what asks for more than an answer (options of EDNS that are not the
/// hop's own, a later version, a signature), in another form (opcodes, flags, records), for a type or class of
/// questions only, or that cannot be read to its end. `query` is what dns::read_query made of the message, without its
/// hop options.
std::optional<QuestionKey> key_of(dns::Bytes message, const dns::Query& query, std::uint32_t route, dns::Bytes subnet);

/// The same of a query of which key_of() gave one, without its hash.
QuestionKey plain_key(dns::Bytes message, const dns::Query& query, std::uint32_t route, dns::Bytes subnet);

/// Whether they ask for the same, hash apart.
bool is_same_question(const QuestionKey& one, const QuestionKey& other);

}  // namespace dproxy::cache
