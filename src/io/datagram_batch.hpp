// SPDX-License-Identifier: MIT
// Datagrams in batches: one system call reads or sends up to batch_size of them.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>

#include "dns/message.hpp"
#include "io/socket_address.hpp"

namespace dproxy::io {

inline constexpr std::size_t batch_size = 64;  ///< at most 64: SendBatch::Outcome has a bit for each

/// Buffers for received datagrams. What is in them is good until the next receive. A datagram of any
/// size fits; only the pages that were ever written take memory. One thread.
class ReceiveBatch {
public:
    ReceiveBatch();
    ~ReceiveBatch();
    ReceiveBatch(const ReceiveBatch&) = delete;
    ReceiveBatch& operator=(const ReceiveBatch&) = delete;

    /// Reads what is there, without waiting. The number of datagrams, or a negative errno (-EAGAIN:
    /// nothing, -ECONNREFUSED: an ICMP error reached a connected socket).
    int receive(int fd);

    dns::MutableBytes bytes(std::size_t index) {
        return {data_ + index * stride, messages_->headers[index].msg_len};
    }
    bool was_cut(std::size_t index) const { return (messages_->headers[index].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
    const SocketAddress& peer(std::size_t index) const { return messages_->peers[index]; }
    /// The address that was asked; empty where the socket is not bound to a wildcard.
    LocalAddress local(std::size_t index) const;
    /// The kernel's count of datagrams it dropped on this socket so far; 0 where it told none.
    std::uint32_t kernel_drops(std::size_t index) const;

private:
    // Not a power of two, so that the buffers do not share the same sets of the processor's cache.
    static constexpr std::size_t stride = 65536 + 320;
    struct alignas(cmsghdr) Control {
        std::uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint32_t))];
    };
    struct Messages {
        std::array<mmsghdr, batch_size> headers;
        std::array<iovec, batch_size> vectors;
        std::array<SocketAddress, batch_size> peers;
        std::array<Control, batch_size> controls;
    };

    std::uint8_t* data_;
    std::unique_ptr<Messages> messages_;
};

/// Datagrams to be sent from one socket. Keeps pointers: what was pushed must stay until flush. One thread.
class SendBatch {
public:
    SendBatch();

    bool full() const { return count_ == batch_size; }
    bool empty() const { return count_ == 0; }
    /// To a client, from the address it asked (`local` may be empty).
    void push(dns::Bytes payload, const SocketAddress& to, const LocalAddress& local);
    /// From a connected socket.
    void push(dns::Bytes payload);

    struct Outcome {
        std::size_t sent = 0;
        std::size_t failed = 0;
        int last_error = 0;  ///< errno of the last datagram that could not be sent
        std::uint64_t failed_mask = 0;  ///< a bit for each that could not be sent, in the order of push
    };
    /// Sends everything and is empty then. An error left behind by an earlier ICMP message is met by a few
    /// repetitions; a datagram that cannot be sent is left out and costs no other.
    Outcome flush(int fd);

private:
    struct alignas(cmsghdr) Control {
        std::uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo))];
    };
    struct Messages {
        std::array<mmsghdr, batch_size> headers;
        std::array<iovec, batch_size> vectors;
        std::array<SocketAddress, batch_size> peers;
        std::array<Control, batch_size> controls;
    };

    std::size_t count_ = 0;
    std::unique_ptr<Messages> messages_;
};

}  // namespace dproxy::io
