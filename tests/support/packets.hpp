// SPDX-License-Identifier: MIT
// DNS messages for tests, each stated in a readable line:
//
//     const auto query = Packet::query("www.example.com", qtype::a).id(7).edns(1232).bytes();
//     const auto reply = Packet::reply("a.test", qtype::a).answer("a.test", qtype::a, {192, 0, 2, 1}).bytes();
//
// It knows nothing of the code under test, and writes wrong messages as gladly as right ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::test {

/// Bytes that can be added to each other.
struct Octets : std::vector<std::uint8_t> {
    using std::vector<std::uint8_t>::vector;

    Octets& operator+=(const Octets& more) {
        insert(end(), more.begin(), more.end());
        return *this;
    }
    friend Octets operator+(Octets left, const Octets& right) { return left += right; }
    Octets first(std::size_t count) const { return Octets(begin(), begin() + static_cast<std::ptrdiff_t>(count)); }
};

namespace qtype {
inline constexpr std::uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, sig = 24, aaaa = 28,
                               srv = 33, opt = 41, tsig = 250, ixfr = 251, axfr = 252, any = 255;
}

inline Octets u16(unsigned value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }
inline Octets u32(std::uint32_t value) {
    Octets octets = u16(value >> 16);
    return octets += u16(value & 0xffff);
}

/// `www.example.com` on the wire; a trailing dot changes nothing, `` and `.` are the root. No escapes, no limits.
inline Octets name(std::string_view text) {
    Octets octets;
    while (!text.empty() && text != ".") {
        const auto dot = text.find('.');
        const auto label = text.substr(0, dot);
        octets.push_back(static_cast<std::uint8_t>(label.size()));
        octets.insert(octets.end(), label.begin(), label.end());
        text = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    }
    octets.push_back(0);
    return octets;
}

/// A name of `length` bytes on the wire: labels of up to 63 bytes.
inline std::string name_of_length(std::size_t length) {
    std::string text;
    for (std::size_t left = length - 1; left != 0;) {
        std::size_t label = left > 64 ? 64 : left;
        if (left - label == 1) --label;  // a label takes two bytes at least
        if (!text.empty()) text += '.';
        text += std::string(label - 1, 'x');
        left -= label;
    }
    return text;
}

/// A record: owner (on the wire), type, class, TTL, data.
inline Octets record(const Octets& owner, std::uint16_t type, const Octets& data, std::uint32_t ttl = 300,
                     std::uint16_t rclass = 1) {
    Octets octets = owner;
    octets += u16(type);
    octets += u16(rclass);
    octets += u32(ttl);
    octets += u16(static_cast<unsigned>(data.size()));
    return octets += data;
}

/// Data of a SOA, with the names given.
inline Octets soa_data(std::uint32_t serial, const Octets& mname = name("ns"), const Octets& rname = name("mail")) {
    Octets octets = mname;
    octets += rname;
    for (const std::uint32_t number : {serial, 3600u, 600u, 86400u, 30u}) octets += u32(number);
    return octets;
}

/// An EDNS option.
inline Octets option(std::uint16_t code, const Octets& data) {
    Octets octets = u16(code);
    octets += u16(static_cast<unsigned>(data.size()));
    return octets += data;
}

/// An OPT record. `ttl` holds the upper rcode bits, the version and the DO bit (0x8000).
inline Octets opt_record(std::uint16_t size, const Octets& options = {}, std::uint32_t ttl = 0) {
    return record({0}, qtype::opt, options, ttl, size);
}

/// A message. Counts follow what was added, until counts() says something else.
class Packet {
public:
    /// A query with RD.
    static Packet query(std::string_view qname, std::uint16_t type, std::uint16_t qclass = 1) {
        return Packet().flags(0x0100).question(qname, type, qclass);
    }
    /// A reply with QR, RD and RA.
    static Packet reply(std::string_view qname, std::uint16_t type, std::uint16_t qclass = 1) {
        return Packet().flags(0x8180).question(qname, type, qclass);
    }

    Packet& id(std::uint16_t value) { return id_ = value, *this; }
    Packet& flags(std::uint16_t value) { return flags_ = value, *this; }
    Packet& opcode(unsigned value) {
        return flags_ = static_cast<std::uint16_t>((flags_ & ~0x7800u) | value << 11), *this;
    }
    Packet& rcode(unsigned value) { return flags_ = static_cast<std::uint16_t>((flags_ & ~0x000fu) | value), *this; }
    Packet& set(unsigned bits) { return flags_ = static_cast<std::uint16_t>(flags_ | bits), *this; }

    Packet& question(std::string_view qname, std::uint16_t type, std::uint16_t qclass = 1) {
        return raw_question(name(qname), type, qclass);
    }
    Packet& raw_question(const Octets& wire, std::uint16_t type, std::uint16_t qclass = 1) {
        Octets octets = wire;
        octets += u16(type);
        octets += u16(qclass);
        return add(0, octets);
    }
    Packet& answer(std::string_view owner, std::uint16_t type, const Octets& data, std::uint32_t ttl = 300) {
        return answer(record(name(owner), type, data, ttl));
    }
    Packet& answer(const Octets& whole_record) { return add(1, whole_record); }
    Packet& authority(const Octets& whole_record) { return add(2, whole_record); }
    Packet& additional(const Octets& whole_record) { return add(3, whole_record); }
    Packet& edns(std::uint16_t size, const Octets& options = {}, std::uint32_t ttl = 0) {
        return additional(opt_record(size, options, ttl));
    }
    /// Bytes behind the last record.
    Packet& trailing(const Octets& octets) { return trailing_ += octets, *this; }
    /// Lies about the counts.
    Packet& counts(unsigned questions, unsigned answers, unsigned authorities, unsigned additionals) {
        lies_ = {questions, answers, authorities, additionals};
        return *this;
    }

    Octets bytes() const {
        Octets octets = u16(id_);
        octets += u16(flags_);
        for (std::size_t section = 0; section < 4; ++section)
            octets += u16(lies_.empty() ? sections_[section].count : lies_[section]);
        for (const auto& section : sections_) octets += section.octets;
        return octets += trailing_;
    }
    operator Octets() const { return bytes(); }
    /// Valid as long as the packet, and until it is converted again.
    operator std::span<const std::uint8_t>() const {
        converted_ = bytes();
        return converted_;
    }

private:
    struct Section {
        unsigned count = 0;
        Octets octets;
    };

    Packet& add(std::size_t section, const Octets& octets) {
        ++sections_[section].count;
        sections_[section].octets += octets;
        return *this;
    }

    std::uint16_t id_ = 0x1234;
    std::uint16_t flags_ = 0;
    Section sections_[4];
    Octets trailing_;
    std::vector<unsigned> lies_;
    mutable Octets converted_;
};

/// A message with its length in front, as it goes over TCP.
inline Octets framed(const Octets& message) {
    Octets octets = u16(static_cast<unsigned>(message.size()));
    return octets += message;
}

}  // namespace dproxy::test
