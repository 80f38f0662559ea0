// SPDX-License-Identifier: MIT
// The PROXY protocol as it is received, in front of a connection (version 1, 2.1, or 2, 2.2) or of a datagram
// (version 2): on whose behalf a proxy speaks. Who may send one is the caller's to know, before anything is read here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/address.hpp"

namespace dproxy::net {

/// The longest line of version 1, with its CRLF ("The PROXY protocol", 2.1).
inline constexpr std::size_t proxy_line_capacity = 107;
/// The longest header of version 2: what is behind the addresses (TLVs) is not looked at.
inline constexpr std::size_t longest_proxy_header = 16 + 65535;

/// The two ends of the connection that a proxy speaks for.
struct ProxiedEnds {
    Endpoint source;
    Endpoint destination;
};

/// Reads the header in front of a connection as it comes. Holds no more than a line of version 1, whatever the header
/// says of its length. One connection, one thread.
class ProxyHeaderReader {
public:
    enum class State : std::uint8_t {
        incomplete,
        complete,
        malformed,  ///< for good, from the first byte on that cannot stand there: the connection says nothing else
    };

    /// Takes what came, up to the header's end, and returns how many bytes that were; what is behind them is the
    /// connection's own. Nothing once it is complete or malformed.
    std::size_t take(std::span<const std::uint8_t> bytes);

    State state() const { return state_; }
    /// While incomplete: at most so many bytes more belong to it, at least one.
    std::size_t most_wanted() const { return longest_ - taken_; }
    /// Bytes that were taken; the header's length where it is complete.
    std::size_t length() const { return taken_; }
    /// Of a complete header. Nothing where it names no address that we could use (LOCAL; UNKNOWN, or an unspecified
    /// family; a socket of the file system): the connection's own hold. IPv4 in its mapped form is IPv4.
    const std::optional<ProxiedEnds>& ends() const { return ends_; }

private:
    void read_on();
    void read_line();
    void read_binary();
    void end(State state) { state_ = state; }

    State state_ = State::incomplete;
    std::size_t taken_ = 0;
    std::size_t kept_ = 0;    ///< of what was taken; the rest is only counted
    std::size_t wanted_ = 1;  ///< so many bytes are needed before something more can be said
    std::size_t longest_ = longest_proxy_header;
    std::array<std::uint8_t, proxy_line_capacity> bytes_{};
    std::optional<ProxiedEnds> ends_;
};

/// A header of version 2 that stands whole at the beginning of a datagram.
struct DatagramProxyHeader {
    std::size_t length = 0;           ///< where the message begins
    std::optional<ProxiedEnds> ends;  ///< as ProxyHeaderReader has them
};
/// Nothing where there is none, or the datagram ends within it.
std::optional<DatagramProxyHeader> read_datagram_proxy_header(std::span<const std::uint8_t> datagram);

}  // namespace dproxy::net
