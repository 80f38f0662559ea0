// SPDX-License-Identifier: MIT
// A TCP connection that carries DNS messages, each behind its length (RFC 1035 4.2.2, RFC 7766). The
// same class serves clients and upstreams. Belongs to the thread of its context.
#pragma once

#include <cstdint>
#include <memory>
#include <system_error>

#include "dns/message.hpp"
#include "io/fd.hpp"
#include "net/address.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

/// Why a stream ended, besides what the system says.
enum class StreamEnd : std::uint8_t {
    peer_closed,  ///< an orderly end between two messages
    cut_short,    ///< an orderly end within a message
    bad_length,   ///< a message of length 0
    failed,       ///< the error_code tells
};

class MessageStream {
public:
    /// What the owner is told. Never called from within a call of the owner's, and not after close().
    class Events {
    public:
        virtual void on_connected() {}
        /// The bytes are the owner's to change, until it returns.
        virtual void on_message(dns::MutableBytes message) = 0;
        /// All that was queued has been handed to the kernel.
        virtual void on_drained() {}
        /// The peer sends nothing more, between two messages, but may still read. True: the stream stays open
        /// for what the owner has yet to send, until close_when_drained(). False: it ends.
        virtual bool on_half_closed() { return false; }
        /// The last call. The owner may destroy the stream in it.
        virtual void on_end(StreamEnd end, std::error_code error) = 0;

    protected:
        ~Events() = default;
    };

    /// An accepted connection; reading begins at once.
    MessageStream(boost::asio::io_context& context, Fd connection, bool v4, Events& events);
    /// Connects; messages may be queued meanwhile. `preface` is sent before everything (PROXY protocol).
    MessageStream(boost::asio::io_context& context, const net::Endpoint& peer, dns::Bytes preface, Events& events);
    ~MessageStream();
    MessageStream(const MessageStream&) = delete;
    MessageStream& operator=(const MessageStream&) = delete;

    /// Queues a message (up to 65,535 bytes); what is queued in one turn of the loop leaves in one write.
    void send(dns::Bytes message);
    std::size_t queued_bytes() const;
    /// This side's address and port.
    net::Endpoint local_endpoint() const;
    /// Grows with every byte that the peer gave or took: no change means no progress.
    std::uint64_t progress() const;

    /// Reading stops after the message at hand, and begins again.
    void pause_reading();
    void resume_reading();
    bool reading_paused() const;

    /// Closes at once, or when all that is queued has been written.
    void close();
    void close_when_drained();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace dproxy::io
