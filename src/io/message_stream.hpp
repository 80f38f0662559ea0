// SPDX-License-Identifier: MIT
// A TCP connection that carries DNS messages, each behind its length (RFC 1035 4.2.2, RFC 7766). The
// same class serves clients and upstreams. Belongs to the thread of its context.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include "dns/message.hpp"
#include "io/byte_meter.hpp"
#include "io/fd.hpp"
#include "io/one_by_one.hpp"
#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "net/address.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

class MessageStream {
    class State;

public:
    /// The messages that came at once.
    class Incoming {
    public:
        /// The next one, the owner's to change; nothing: that was all, or reading is paused. Good until refill(), or
        /// until the owner returns.
        std::optional<dns::MutableBytes> next();
        /// After nothing: whether more is there, behind a filter, so that next() is to be asked again.
        bool refill();

    private:
        friend class State;
        Incoming(State& state, dns::MutableBytes first) : state_(state), first_(first) {}

        State& state_;
        std::optional<dns::MutableBytes> first_;
    };

    /// What the owner is told. Never called from within a call of the owner's, and not after close(). A call that
    /// throws is the stream's end: on_end() comes before the exception goes on.
    class Events {
    public:
        /// It can be written to: connected, and past what its filter has to agree on. Not of accepted ones without one.
        virtual void on_connected() {}
        /// At least one has come. Those that are not taken come again, in this turn of the loop or when reading is
        /// resumed.
        virtual void on_messages(Incoming& incoming) {
            while (const auto message = incoming.next()) on_message(*message);
        }
        /// For who has nothing to do in common for all that come at once.
        virtual void on_message(dns::MutableBytes) {}
        /// More memory is held for a message that is not whole yet: budgets are to be looked at.
        virtual void on_grown() {}
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

    /// An accepted connection; reading begins at once. Where the system cannot watch it any more, on_end() comes. The
    /// meter, here as below, is told of the memory it takes. A filter stands between the messages and the connection.
    MessageStream(boost::asio::io_context& context, Fd connection, bool v4, Events& events,
                  std::shared_ptr<ByteMeter> meter = nullptr, std::unique_ptr<StreamFilter> filter = nullptr);
    /// Connects; messages may be queued meanwhile. `preface` is sent before everything (PROXY protocol).
    MessageStream(boost::asio::io_context& context, const net::Endpoint& peer, dns::Bytes preface, Events& events,
                  std::shared_ptr<ByteMeter> meter = nullptr, std::unique_ptr<StreamFilter> filter = nullptr);
    ~MessageStream();
    MessageStream(const MessageStream&) = delete;
    MessageStream& operator=(const MessageStream&) = delete;

    /// Queues a message (up to 65,535 bytes); what is queued in one turn of the loop leaves in one write.
    void send(dns::Bytes message);
    std::size_t queued_bytes() const;
    /// Whether the peer's system has all that was sent, and this side's end of the stream. True where it is closed.
    bool all_taken() const;
    /// Memory that it takes, with what came of a message that is not whole yet; as the meter has it.
    std::size_t held_bytes() const;
    /// Its number; below 0 where it is closed, or could not be opened.
    int descriptor() const;
    /// This side's address and port.
    net::Endpoint local_endpoint() const;
    /// Bytes that the peer has taken, or rather its kernel.
    std::uint64_t taken_bytes() const;
    /// Something has come of a message, or of its length, but not all of it.
    bool has_part_of_message() const;
    /// It can be written to. An accepted one is open at once where it has no filter.
    bool is_open() const;
    /// The system has connected it; what its filter has to agree on may be under way.
    bool is_connected() const;
    /// Before the loop runs again: until it is open, what comes is taken in turns with others.
    void open_in_turns(std::shared_ptr<OneByOne> turns);

    /// Reading stops after the message at hand, and begins again.
    void pause_reading();
    void resume_reading();
    bool reading_paused() const;

    /// Closes at once, or when all that is queued has been written.
    void close();
    void close_when_drained();

private:
    std::shared_ptr<State> state_;
};

}  // namespace dproxy::io
