// SPDX-License-Identifier: MIT
#include "dns/record_text.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "dns/name.hpp"
#include "dns/record.hpp"
#include "net/address.hpp"

namespace dproxy::dns {
namespace {

/// Pieces one after the other. (`"text" + std::string` gives GCC 12 a false alarm, its bug 105651.)
template <class... Pieces>
std::string joined(const Pieces&... pieces) {
    std::string text;
    (text.append(pieces), ...);
    return text;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

std::uint32_t read_u32(const std::uint8_t* at) { return std::uint32_t{read_u16(at)} << 16 | read_u16(at + 2); }

std::string absolute(const Name& name) { return name.is_root() ? "." : name.to_text() + "."; }

std::string class_text(std::uint16_t rclass) {
    switch (rclass) {
        case 1: return "IN";
        case 3: return "CH";
        case 4: return "HS";
        default: return joined("CLASS", std::to_string(rclass));
    }
}

/// RFC 3597 5: fits every type.
std::string unknown_data(Bytes rdata) {
    std::string text = joined("\\# ", std::to_string(rdata.size()));
    if (!rdata.empty()) text += ' ';
    for (const auto byte : rdata) {
        text += hex_digits[byte >> 4];
        text += hex_digits[byte & 0x0f];
    }
    return text;
}

void append_quoted(std::string& text, Bytes bytes) {
    text += '"';
    for (const auto byte : bytes) {
        if (byte < ' ' || byte >= 127) {
            const auto digits = std::to_string(1000 + byte);
            text += '\\';
            text.append(digits, 1);
            continue;
        }
        if (byte == '"' || byte == '\\') text += '\\';
        text += static_cast<char>(byte);
    }
    text += '"';
}

/// RDATA from its first byte to its last. Each of the functions below returns nothing where the data are
/// not of the type's form.
struct Data {
    Bytes message;  // up to the record's end: a compressed name may lead before it, nothing leads behind
    std::size_t at;

    std::size_t left() const { return message.size() - at; }

    bool numbers(std::string& text, std::size_t count, std::size_t bytes_each) {
        if (left() < count * bytes_each) return false;
        for (; count != 0; --count, at += bytes_each) {
            const std::uint8_t* from = message.data() + at;
            text += std::to_string(bytes_each == 2 ? read_u16(from) : read_u32(from)) + " ";
        }
        return true;
    }
    bool name(std::string& text) {
        const auto read = Name::read(message, at);
        if (read) text += absolute(*read) + " ";
        return read.has_value();
    }
};

std::optional<std::string> address_data(Bytes rdata, std::size_t length) {
    if (rdata.size() != length) return std::nullopt;
    if (length == 4) return net::Address::v4(rdata[0], rdata[1], rdata[2], rdata[3]).to_string();
    net::Address address;
    std::copy(rdata.begin(), rdata.end(), address.bytes.begin());
    return address.to_string();
}

std::optional<std::string> string_data(Bytes rdata) {
    std::string text;
    for (std::size_t at = 0; at < rdata.size();) {
        const std::size_t length = rdata[at++];
        if (length > rdata.size() - at) return std::nullopt;
        append_quoted(text, rdata.subspan(at, length));
        text += ' ';
        at += length;
    }
    return rdata.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> known_data(Bytes message, const Record& record) {
    Data data{message.first(record.end), record.data};
    std::string text;
    bool read = false;
    switch (record.type) {
        case type::a: return record.rclass == class_in ? address_data(record.rdata(message), 4) : std::nullopt;
        case type::aaaa: return address_data(record.rdata(message), 16);
        case type::txt: return string_data(record.rdata(message));
        case type::ns:
        case type::cname:
        case type::ptr: read = data.name(text); break;
        case type::mx: read = data.numbers(text, 1, 2) && data.name(text); break;
        case type::srv: read = data.numbers(text, 3, 2) && data.name(text); break;
        case type::soa: read = data.name(text) && data.name(text) && data.numbers(text, 5, 4); break;
        default: break;
    }
    return read && data.left() == 0 ? std::optional(text) : std::nullopt;
}

std::string record_line(Bytes message, const Record& record) {
    std::size_t at = record.begin;
    const auto owner = Name::read(message, at);
    auto data = known_data(message, record);
    if (data && data->ends_with(' ')) data->pop_back();
    return joined(owner ? absolute(*owner) : "<unreadable name>", " ", std::to_string(record.ttl(message)), " ",
                  class_text(record.rclass), " ", type_name(record.type), " ",
                  data ? *data : unknown_data(record.rdata(message)));
}

std::string opt_line(Bytes message, const Record& opt) {
    const std::uint32_t ttl = opt.ttl(message);
    std::string text =
        joined(";; EDNS version ", std::to_string(ttl >> 16 & 0xff), " size ", std::to_string(opt.rclass));
    if ((ttl & 0x8000) != 0) text += " do";
    const bool walks = walk_options(opt.rdata(message), [&](std::uint16_t code, Bytes data, std::size_t) {
        if (code != option::extended_error || data.size() < 2) {
            text += joined(" option ", std::to_string(code));
            return;
        }
        text += joined(" EDE ", std::to_string(read_u16(data.data())));
        if (data.size() > 2) append_quoted(text += ' ', data.subspan(2));
    });
    return walks ? text : text + " (options cannot be read)";
}

std::string header_line(Bytes reply) {
    struct Flag {
        std::size_t byte;
        unsigned bit;
        std::string_view name;
    };
    constexpr std::array<Flag, 7> flags = {{{2, 0x80, "qr"}, {2, 0x04, "aa"}, {2, 0x02, "tc"}, {2, 0x01, "rd"},
                                            {3, 0x80, "ra"}, {3, 0x20, "ad"}, {3, 0x10, "cd"}}};
    unsigned rcode = rcode_of(reply);
    if (const auto place = find_opt(reply); place.found) rcode |= (place.opt.ttl(reply) >> 24) << 4;
    std::string text = rcode <= 255 ? std::string(rcode_name(static_cast<std::uint8_t>(rcode)))
                                    : joined("RCODE", std::to_string(rcode));
    for (const auto& flag : flags)
        if ((reply[flag.byte] & flag.bit) != 0) text += joined(" ", flag.name);
    return text + "\n";
}

}  // namespace

std::string describe_reply(Bytes reply) {
    if (reply.size() < header_length) return ";; not a DNS message: shorter than its header\n";
    std::string text = header_line(reply);
    std::size_t at = header_length;
    if (!skip_questions(reply, at)) return text + ";; the question cannot be read\n";
    struct Section {
        std::string_view name;
        unsigned count;
    };
    const std::array<Section, 3> sections = {{{"answer", answer_count(reply)},
                                              {"authority", authority_count(reply)},
                                              {"additional", additional_count(reply)}}};
    for (const auto& [name, count] : sections) {
        bool headed = false;
        for (unsigned index = 0; index < count; ++index) {
            Record record;
            const std::size_t begin = at;
            if (!read_record(reply, at, record))
                return joined(text, ";; the record at byte ", std::to_string(begin), " cannot be read\n");
            const bool is_opt = record.type == type::opt;
            if (!is_opt && !headed) text += joined(";; ", name, "\n");
            headed = headed || !is_opt;
            text += (is_opt ? opt_line(reply, record) : record_line(reply, record)) + "\n";
        }
    }
    return text;
}

}  // namespace dproxy::dns
