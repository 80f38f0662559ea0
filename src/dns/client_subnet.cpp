// SPDX-License-Identifier: MIT
#include "dns/client_subnet.hpp"

#include <algorithm>
#include <array>

#include "dns/opt_record.hpp"

namespace dproxy::dns {
namespace {

constexpr std::size_t max_option_length = client_subnet_growth - opt_fixed_length;

struct Option {
    std::array<std::uint8_t, max_option_length> bytes{};
    std::size_t length = 0;
};

/// RFC 7871 6: code, length, family, source prefix, scope prefix 0, and as many bytes as the prefix takes.
Option make_option(const net::Address& client) {
    const bool v4 = client.is_v4();
    const std::uint8_t prefix = v4 ? client_subnet_prefix_v4 : client_subnet_prefix_v6;
    const std::size_t network_length = prefix / 8;
    Option result;
    write_u16(result.bytes.data(), option::client_subnet);
    write_u16(result.bytes.data() + 2, static_cast<std::uint16_t>(4 + network_length));
    write_u16(result.bytes.data() + 4, v4 ? 1 : 2);
    result.bytes[6] = prefix;
    std::copy_n(client.bytes.begin() + (v4 ? 12 : 0), network_length, result.bytes.begin() + 8);
    result.length = 8 + network_length;
    return result;
}

bool may_be_changed(const Query& query) {
    return query.form == QueryForm::good && query.opcode == static_cast<std::uint8_t>(Opcode::query) && query.walks &&
           !query.is_signed && !query.has_client_subnet && query.edns_version == 0;
}

}  // namespace

WithSubnet add_client_subnet(Bytes message, const Query& query, const net::Address& client, MutableBytes out) {
    if (!may_be_changed(query)) return {};
    const Option added = make_option(client);
    const std::size_t growth = added.length + (query.has_edns ? 0 : opt_fixed_length);
    const std::size_t length = message.size() + growth;
    if (length > out.size() || length > max_message_length) return {};

    std::uint16_t rdlength = 0;
    if (query.has_edns) {  // its owner is the root: one byte
        rdlength = read_u16(message.data() + query.opt_offset + 1 + 8);
        if (query.opt_offset + opt_fixed_length + rdlength != query.records_end) return {};
    } else if (additional_count(message) == 0xffff) {
        return {};
    }
    std::uint8_t* at = std::copy_n(message.begin(), query.records_end, out.data());
    if (query.has_edns) {
        write_u16(out.data() + query.opt_offset + 1 + 8, static_cast<std::uint16_t>(rdlength + added.length));
    } else {
        *at = 0;
        write_u16(at + 1, type::opt);
        write_u16(at + 3, query.udp_size);
        std::fill_n(at + 5, 4, std::uint8_t{0});
        write_u16(at + 9, static_cast<std::uint16_t>(added.length));
        at += opt_fixed_length;
        write_u16(out.data() + 10, static_cast<std::uint16_t>(additional_count(message) + 1));
    }
    at = std::copy_n(added.bytes.begin(), added.length, at);
    std::copy(message.begin() + query.records_end, message.end(), at);
    return {query.has_edns ? AddedSubnet::option : AddedSubnet::opt, length};
}

bool may_refuse_what_was_added(std::uint16_t rcode) {
    return rcode == static_cast<std::uint16_t>(Rcode::refused) || rcode == static_cast<std::uint16_t>(Rcode::formerr) ||
           rcode == static_cast<std::uint16_t>(Rcode::notimp) || rcode == rcode_badvers || rcode == rcode_badcookie;
}

std::size_t remove_client_subnet(MutableBytes reply, AddedSubnet added) {
    if (added == AddedSubnet::nothing) return reply.size();
    const OptPlace place = find_opt(reply);
    if (!place.walks || !place.found) return reply.size();
    if (added == AddedSubnet::opt) return remove_opt(reply, place);
    return remove_options(reply, place, set_of(option::client_subnet));
}

}  // namespace dproxy::dns
