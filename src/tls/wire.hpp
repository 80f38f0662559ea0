// SPDX-License-Identifier: MIT
// The bytes of a connection as the peer sees them, between who has the socket and OpenSSL, which reads and writes them
// as a BIO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dns/message.hpp"
#include "tls/handles.hpp"

namespace dproxy::tls {

/// One thread. Stays where it is: its BIO points to it.
class Wire {
public:
    /// Room that is kept when all was read; more is given back.
    static constexpr std::size_t kept_room = 1024;

    Wire() = default;
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// A BIO on these bytes, which must outlive it.
    BioHandle open();

    void give(dns::Bytes from_peer);
    void fetch(std::vector<std::uint8_t>& to_peer);
    /// Nothing more is read: whoever reads is told that it is over.
    void stop() noexcept { stopped_ = true; }
    /// Writing failed for want of memory, since this was last asked.
    bool out_of_memory() noexcept;
    std::size_t unread() const noexcept { return from_peer_.size() - read_; }
    std::size_t held_bytes() const noexcept { return from_peer_.capacity() + to_peer_.capacity(); }

private:
    struct Method;

    void drop_read() noexcept;

    std::vector<std::uint8_t> from_peer_;
    std::size_t read_ = 0;
    std::vector<std::uint8_t> to_peer_;
    bool stopped_ = false;
    bool out_of_memory_ = false;
};

}  // namespace dproxy::tls
