// SPDX-License-Identifier: MIT
#include "dns/hop_options.hpp"

#include <algorithm>
#include <cassert>

#include "dns/opt_record.hpp"

namespace dproxy::dns {
namespace {

constexpr OptionSet hop_options = set_of(option::cookie) | set_of(option::keepalive) | set_of(option::padding);

}  // namespace

std::size_t remove_hop_options(MutableBytes message, Query& query) {
    if (!query.walks || query.is_signed) return message.size();
    const std::size_t length = remove_options(message, find_opt(message), hop_options);
    query.records_end = static_cast<std::uint16_t>(query.records_end - (message.size() - length));
    return length;
}

std::size_t remove_hop_options(MutableBytes reply) {
    const OptPlace place = find_opt(reply);
    if (!place.walks || !place.found || place.is_signed) return reply.size();
    return remove_options(reply, place, hop_options);
}

std::size_t write_padded(Bytes query, MutableBytes out) {
    const OptPlace place = find_opt(query);
    if (!place.walks || !place.found || place.is_signed) return 0;
    const std::size_t least = query.size() + option_header_length;
    const std::size_t padding = (query_padding_block - least % query_padding_block) % query_padding_block;
    std::array<std::uint8_t, option_header_length + query_padding_block> option{};
    write_u16(option.data(), option::padding);
    write_u16(option.data() + 2, static_cast<std::uint16_t>(padding));
    return write_with_options(query, Bytes(option).first(option_header_length + padding), out);
}

bool denies_edns(Bytes reply) {
    const auto rcode = static_cast<Rcode>(rcode_of(reply));
    return (rcode == Rcode::formerr || rcode == Rcode::notimp) && !find_opt(reply).found;
}

std::uint8_t* HopAnswer::add(std::uint16_t code, std::size_t length) {
    std::uint8_t* const at = bytes_.data() + length_;
    length_ += option_header_length + length;
    assert(length_ <= capacity);
    write_u16(at, code);
    write_u16(at + 2, static_cast<std::uint16_t>(length));
    return at + option_header_length;
}

void HopAnswer::add_cookie(const ClientCookie& client, const ServerCookie& server) {
    std::uint8_t* at = add(option::cookie, client_cookie_length + server_cookie_length);
    at = std::copy(client.begin(), client.end(), at);
    std::copy(server.begin(), server.end(), at);
}

void HopAnswer::add_keepalive(std::uint16_t idle) { write_u16(add(option::keepalive, sizeof idle), idle); }

void HopAnswer::add_padding(std::size_t length, std::size_t most) {
    const std::size_t least = length + option_header_length;
    const std::size_t padded = std::min(most, (least + padding_block - 1) / padding_block * padding_block);
    if (padded < least) return;
    std::uint8_t* const at = add(option::padding, padded - least);
    std::fill_n(at, padded - least, std::uint8_t{0});
}

}  // namespace dproxy::dns
