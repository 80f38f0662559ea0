// SPDX-License-Identifier: MIT
#include "dns/client_subnet.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

constexpr std::size_t opt_fixed_length = 1 + record_fixed_length;
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

/// Takes `count` bytes out at `from` and moves what follows. Returns the new length.
std::size_t cut(MutableBytes message, std::size_t from, std::size_t count) {
    std::memmove(message.data() + from, message.data() + from + count, message.size() - from - count);
    return message.size() - count;
}

/// Lowers the pointer that ends the name at `at` by `count`, where it leads to `from` or behind it; moves `at`
/// behind the name. False where no name ends before `end`.
bool lower_pointer(MutableBytes message, std::size_t& at, std::size_t end, std::size_t from, std::size_t count) {
    std::size_t label = at;
    if (!skip_name(message.first(end), at)) return false;
    while (message[label] != 0 && message[label] < 0xc0) label += std::size_t{message[label]} + 1;
    if (message[label] == 0) return true;
    const std::size_t target = read_u16(message.data() + label) & 0x3fffu;
    if (target >= from)
        write_u16(message.data() + label, static_cast<std::uint16_t>(0xc000 | (target - count)));
    return true;
}

struct NamesInData {
    std::size_t offset = 0;
    int count = 0;
};

/// Where RDATA holds names that may be compressed: only in types older than RFC 3597 (4).
NamesInData names_in_data(std::uint16_t type) {
    switch (type) {
        case type::ns: case type::cname: case type::ptr: case 3: case 4: case 7: case 8: case 9:  // MD MF MB MG MR
        case 30: case 39: return {0, 1};                                                          // NXT DNAME
        case type::soa: case 14: case 17: return {0, 2};                                          // MINFO RP
        case type::mx: case 18: case 21: case 36: return {2, 1};                                  // AFSDB RT KX
        case 26: return {2, 2};                                                                   // PX
        case type::srv: return {6, 1};
        case type::sig: return {18, 1};
        default: return {};
    }
}

/// `count` bytes are about to vanish before `from`: mends the names of all records from there on.
void lower_pointers(MutableBytes message, std::size_t from, std::size_t records_end, std::size_t count) {
    Record record;
    for (std::size_t at = from; at < records_end && read_record(message, at, record);) {
        std::size_t name = record.begin;
        lower_pointer(message, name, record.end, from, count);
        const NamesInData names = names_in_data(record.type);
        name = record.data + names.offset;
        for (int left = names.count; left != 0 && name < record.end; --left)
            if (!lower_pointer(message, name, record.end, from, count)) break;
    }
}

std::size_t remove_opt(MutableBytes reply, const OptPlace& place) {
    const std::size_t length = place.opt.end - place.opt.begin;
    lower_pointers(reply, place.opt.end, place.records_end, length);
    write_u16(reply.data() + 10, static_cast<std::uint16_t>(additional_count(reply) - 1));
    return cut(reply, place.opt.begin, length);
}

std::size_t remove_option(MutableBytes reply, const OptPlace& place) {
    const MutableBytes rdata = reply.subspan(place.opt.data, place.opt.end - place.opt.data);
    std::size_t removed = 0;
    const bool walks = walk_options(rdata, [&](std::uint16_t code, Bytes data, std::size_t) {
        if (code == option::client_subnet) removed += option_header_length + data.size();
    });
    if (!walks || removed == 0) return reply.size();
    lower_pointers(reply, place.opt.end, place.records_end, removed);
    std::size_t kept = 0;
    walk_options(rdata, [&](std::uint16_t code, Bytes data, std::size_t at) {
        if (code == option::client_subnet) return;
        const std::size_t length = option_header_length + data.size();
        std::memmove(rdata.data() + kept, rdata.data() + at, length);
        kept += length;
    });
    write_u16(reply.data() + place.opt.fixed + 8, static_cast<std::uint16_t>(kept));
    return cut(reply, place.opt.data + kept, removed);
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

std::size_t remove_client_subnet(MutableBytes reply, AddedSubnet added) {
    if (added == AddedSubnet::nothing) return reply.size();
    const OptPlace place = find_opt(reply);
    if (!place.walks || !place.found) return reply.size();
    return added == AddedSubnet::opt ? remove_opt(reply, place) : remove_option(reply, place);
}

}  // namespace dproxy::dns
