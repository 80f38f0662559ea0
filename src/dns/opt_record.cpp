// SPDX-License-Identifier: MIT
#include "dns/opt_record.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace dproxy::dns {
namespace {

bool contains(OptionSet set, std::uint16_t code) { return code < 32 && (set >> code & 1) != 0; }

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

}  // namespace

std::size_t remove_opt(MutableBytes message, const OptPlace& place) {
    const std::size_t length = place.opt.end - place.opt.begin;
    if (place.opt.ttl(message) >> 24 != 0) {
        message[3] = static_cast<std::uint8_t>((message[3] & 0xf0) | static_cast<std::uint8_t>(Rcode::servfail));
    }
    lower_pointers(message, place.opt.end, place.records_end, length);
    write_u16(message.data() + 10, static_cast<std::uint16_t>(additional_count(message) - 1));
    return cut(message, place.opt.begin, length);
}

std::size_t remove_options(MutableBytes message, const OptPlace& place, OptionSet options) {
    const MutableBytes rdata = message.subspan(place.opt.data, place.opt.end - place.opt.data);
    std::size_t removed = 0;
    const bool walks = walk_options(rdata, [&](std::uint16_t code, Bytes data, std::size_t) {
        if (contains(options, code)) removed += option_header_length + data.size();
    });
    if (!walks || removed == 0) return message.size();
    lower_pointers(message, place.opt.end, place.records_end, removed);
    std::size_t kept = 0;
    walk_options(rdata, [&](std::uint16_t code, Bytes data, std::size_t at) {
        if (contains(options, code)) return;
        const std::size_t length = option_header_length + data.size();
        std::memmove(rdata.data() + kept, rdata.data() + at, length);
        kept += length;
    });
    write_u16(message.data() + place.opt.fixed + 8, static_cast<std::uint16_t>(kept));
    return cut(message, place.opt.data + kept, removed);
}

std::size_t write_with_options(Bytes message, Bytes options, MutableBytes out) {
    const OptPlace place = find_opt(message);
    const std::size_t growth = options.size() + (place.found ? 0 : opt_fixed_length);
    const std::size_t length = message.size() + growth;
    if (!place.walks || place.is_signed || length > max_message_length) return 0;
    if (!place.found && additional_count(message) == 0xffff) return 0;
    assert(length <= out.size());
    // The OPT stands last from now on: so that nothing behind it, to which names may point, moves away.
    const std::size_t opt_length = place.found ? place.opt.end - place.opt.begin : 0;
    const std::size_t others_end = place.records_end - opt_length;
    std::uint8_t* const opt = out.data() + others_end;
    std::copy_n(message.begin(), place.records_end, out.begin());
    if (place.found) {
        lower_pointers(out, place.opt.end, place.records_end, opt_length);
        std::copy(out.begin() + static_cast<std::ptrdiff_t>(place.opt.end),
                  out.begin() + static_cast<std::ptrdiff_t>(place.records_end), out.data() + place.opt.begin);
        std::copy_n(message.data() + place.opt.begin, opt_length, opt);
    } else {
        std::fill_n(opt, opt_fixed_length, std::uint8_t{0});
        write_u16(opt + 1, type::opt);
        write_u16(opt + 3, static_cast<std::uint16_t>(safe_udp_size));
        write_u16(out.data() + 10, static_cast<std::uint16_t>(additional_count(message) + 1));
    }
    const std::size_t rdlength = read_u16(opt + opt_fixed_length - 2) + options.size();
    write_u16(opt + opt_fixed_length - 2, static_cast<std::uint16_t>(rdlength));
    std::uint8_t* const added = opt + opt_fixed_length + rdlength - options.size();
    std::uint8_t* const end = std::copy(options.begin(), options.end(), added);
    std::copy(message.begin() + static_cast<std::ptrdiff_t>(place.records_end), message.end(), end);
    return length;
}

}  // namespace dproxy::dns
