// SPDX-License-Identifier: MIT
#include "net/received_proxy_header.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "net/proxy_header.hpp"

namespace dproxy::net {
namespace {

constexpr std::string_view line_beginning = "PROXY ";
constexpr std::string_view line_end = "\r\n";
/// Of version 2: the signature, version and command, family and transport, the length of the rest.
constexpr std::size_t fixed_length = 16;
constexpr std::size_t v4_ends_length = 2 * (4 + 2);
constexpr std::size_t v6_ends_length = 2 * (16 + 2);

constexpr unsigned last_family = 3;     // AF_UNIX
constexpr unsigned last_transport = 2;  // DGRAM

bool begins_as(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> whole) {
    const std::size_t compared = std::min(bytes.size(), whole.size());
    return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(compared), whole.begin());
}

std::uint16_t read_port(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }

Address read_address(const std::uint8_t* at, bool v4) {
    if (v4) return Address::v4(at[0], at[1], at[2], at[3]);
    Address address;
    std::copy_n(at, address.bytes.size(), address.bytes.begin());
    return address;
}

ProxiedEnds read_ends(const std::uint8_t* at, bool v4) {
    const std::size_t length = v4 ? 4 : 16;
    return {{read_address(at, v4), read_port(at + 2 * length)},
            {read_address(at + length, v4), read_port(at + 2 * length + 2)}};
}

/// What stands before the next blank, or all that is left; and takes it away, with the blank.
std::string_view next_word(std::string_view& text) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    return word;
}

/// Without leading zeros, as the protocol wants it.
std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool is_whole = !text.empty() && error == std::errc{} && stopped == text.data() + text.size();
    if (!is_whole || (text.front() == '0' && text.size() != 1)) return std::nullopt;
    return port;
}

std::optional<Address> address_of(std::string_view text, bool v6) {
    if ((text.find(':') != std::string_view::npos) != v6) return std::nullopt;
    return Address::parse(text);
}

/// `192.0.2.1 192.0.2.2 12345 53`: single blanks and nothing else.
std::optional<ProxiedEnds> ends_of(std::string_view text, bool v6) {
    if (std::count(text.begin(), text.end(), ' ') != 3) return std::nullopt;
    const auto source = address_of(next_word(text), v6);
    const auto destination = address_of(next_word(text), v6);
    const auto source_port = port_of(next_word(text));
    const auto destination_port = port_of(next_word(text));
    if (!source || !destination || !source_port || !destination_port) return std::nullopt;
    return ProxiedEnds{{*source, *source_port}, {*destination, *destination_port}};
}

}  // namespace

std::size_t ProxyHeaderReader::take(std::span<const std::uint8_t> bytes) {
    const std::size_t before = taken_;
    while (state_ == State::incomplete && !bytes.empty()) {
        const std::size_t count = std::min(wanted_ - taken_, bytes.size());
        const std::size_t kept = std::min(count, bytes_.size() - kept_);
        std::copy_n(bytes.begin(), kept, bytes_.begin() + static_cast<std::ptrdiff_t>(kept_));
        kept_ += kept;
        taken_ += count;
        bytes = bytes.subspan(count);
        read_on();
    }
    return taken_ - before;
}

/// Which of the two it is, the first byte says; that it is neither, the first that is in none.
void ProxyHeaderReader::read_on() {
    const std::span<const std::uint8_t> kept(bytes_.data(), kept_);
    if (begins_as(kept, proxy_signature)) {
        wanted_ = std::max(wanted_, fixed_length);
        if (taken_ >= fixed_length) read_binary();
        return;
    }
    const std::string_view text = line_beginning;
    if (!begins_as(kept, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
        return end(State::malformed);
    }
    longest_ = proxy_line_capacity;
    read_line();
}

/// Byte by byte: what is behind the line is not the header's.
void ProxyHeaderReader::read_line() {
    std::string_view text(reinterpret_cast<const char*>(bytes_.data()), kept_);
    wanted_ = taken_ + 1;
    const std::size_t stop = text.find_first_of(std::string_view("\r\n\0", 3));
    if (stop == std::string_view::npos) return taken_ < longest_ ? void() : end(State::malformed);
    if (text.substr(stop) == line_end.substr(0, 1) && taken_ < longest_) return;
    if (text.substr(stop) != line_end) return end(State::malformed);
    text = text.substr(0, stop);
    next_word(text);
    const std::string_view family = next_word(text);
    if (family == "UNKNOWN") return end(State::complete);
    if (family != "TCP4" && family != "TCP6") return end(State::malformed);
    ends_ = ends_of(text, family == "TCP6");
    end(ends_ ? State::complete : State::malformed);
}

void ProxyHeaderReader::read_binary() {
    const std::uint8_t* fixed = bytes_.data() + proxy_signature.size();
    const unsigned command = fixed[0] & 0x0fu;
    const unsigned family = fixed[1] >> 4;
    const unsigned transport = fixed[1] & 0x0fu;
    const bool is_local = command == static_cast<unsigned>(ProxyCommand::local);
    if (fixed[0] >> 4 != proxy_version || command > static_cast<unsigned>(ProxyCommand::proxy)) {
        return end(State::malformed);
    }
    if (!is_local && (family > last_family || transport > last_transport)) return end(State::malformed);
    const bool v4 = family == proxy_family_v4;
    const std::size_t rest = read_port(fixed + 2);
    const bool has_ends = !is_local && transport != 0 && (v4 || family == proxy_family_v6);
    if (has_ends && rest < (v4 ? v4_ends_length : v6_ends_length)) return end(State::malformed);
    wanted_ = longest_ = fixed_length + rest;
    if (taken_ < wanted_) return;
    if (has_ends) ends_ = read_ends(bytes_.data() + fixed_length, v4);
    end(State::complete);
}

std::optional<DatagramProxyHeader> read_datagram_proxy_header(std::span<const std::uint8_t> datagram) {
    if (datagram.empty() || datagram.front() != proxy_signature.front()) return std::nullopt;
    ProxyHeaderReader reader;
    const std::size_t length = reader.take(datagram);
    if (reader.state() != ProxyHeaderReader::State::complete) return std::nullopt;
    return DatagramProxyHeader{length, reader.ends()};
}

}  // namespace dproxy::net
