// SPDX-License-Identifier: MIT
// The options of EDNS that two neighbours agree on and that go no further (RFC 6891 6.1.1): COOKIE (RFC 7873),
// edns-tcp-keepalive (RFC 7828), Padding (RFC 7830). They are taken out of what is relayed, both ways, and a client's
// are answered by dproxy itself. Never in a message that is signed or cannot be walked to its end.
#pragma once

#include <array>
#include <cstdint>

#include "dns/query.hpp"
#include "dns/record.hpp"
#include "dns/server_cookie.hpp"

namespace dproxy::dns {

/// Takes them out of a client's message, in place; `query` says from now on how it is. Returns the length from now on.
std::size_t remove_hop_options(MutableBytes message, Query& query);

/// Whether a reply's additional section may have any: almost all have none, or nothing but an OPT without options.
inline bool may_have_hop_options(Bytes reply) {
    if (additional_count(reply) == 0 || reply.size() < header_length + 11) return false;
    const std::uint8_t* last = reply.data() + reply.size() - 11;
    return last[0] != 0 || read_u16(last + 1) != type::opt || read_u16(last + 9) != 0;
}
/// Takes them out of a reply, in place. Returns the length from now on.
std::size_t remove_hop_options(MutableBytes reply);

/// A query to an encrypted upstream has a multiple of it (RFC 8467 4.1), so that its size says little of its name.
inline constexpr std::size_t query_padding_block = 128;
/// Writes a query to `out` with Padding in its OPT, which becomes its last record. 0, and nothing is written, where it
/// has none, is signed, cannot be walked or would be over 65,535 bytes. `out` has room for two blocks more than the
/// message has.
std::size_t write_padded(Bytes query, MutableBytes out);

/// A server without EDNS says so (RFC 6891 7): FORMERR or NOTIMP, and no OPT. The client must see it as it is, to ask
/// again without.
bool denies_edns(Bytes reply);

/// What an answer says to the client's own options, to stand in its OPT.
class HopAnswer {
public:
    /// An answer has a multiple of it (RFC 8467 4.1), so that its size says little of what it is.
    static constexpr std::size_t padding_block = 468;
    static constexpr std::size_t capacity = 3 * option_header_length + client_cookie_length + server_cookie_length +
                                            sizeof(std::uint16_t) + padding_block;

    void add_cookie(const ClientCookie& client, const ServerCookie& server);
    /// `idle`: of the connection, in units of 100 ms.
    void add_keepalive(std::uint16_t idle);
    /// Last: `length` is that of the answer with all that was added before. It is made no longer than `most`; nothing
    /// is added where there is no room.
    void add_padding(std::size_t length, std::size_t most);

    Bytes options() const { return {bytes_.data(), length_}; }

private:
    std::uint8_t* add(std::uint16_t code, std::size_t length);

    std::array<std::uint8_t, capacity> bytes_;
    std::size_t length_ = 0;
};

}  // namespace dproxy::dns
