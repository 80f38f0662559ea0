// SPDX-License-Identifier: MIT
// A TCP connection that carries bytes, perhaps behind a filter (TLS): reading, pausing, writing what one turn queued at
// once, and ends that lose nothing. What the bytes mean is its heirs' matter.
// Held by tests/unit/io/message_stream_test.cpp and tests/unit/io/filtered_stream_test.cpp.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

#include "dns/message.hpp"
#include "io/byte_meter.hpp"
#include "io/fd.hpp"
#include "io/one_by_one.hpp"
#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "net/address.hpp"

namespace dproxy::io {

/// Belongs to the thread of its context, and is made as a shared_ptr: what the system is doing for it keeps it. Its
/// owner hears of nothing after close(). A call of the owner that throws is the end: ended() comes before the exception
/// goes on.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
public:
    /// The meter is told of the memory that it takes.
    ByteStream(boost::asio::io_context& io, std::shared_ptr<ByteMeter> meter, std::unique_ptr<StreamFilter> filter,
               bool accepted);
    virtual ~ByteStream() = default;
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    /// Until its filter is open, what comes is taken in turns: that costs much, and many may come at once.
    void open_in_turns(std::shared_ptr<OneByOne> turns) { turns_ = std::move(turns); }
    /// Then one of these. Where the system fails, ended() comes.
    void accept(Fd connection, bool v4);
    /// `preface` goes before everything, the filter's own bytes as well.
    void connect(const net::Endpoint& peer, dns::Bytes preface);

    /// Queues both, or nothing where memory is short.
    void write(dns::Bytes first, dns::Bytes second);
    std::size_t queued_bytes() const { return queued_.size() + writing_.size(); }
    bool all_taken();
    std::size_t held_bytes() const { return held_.bytes(); }
    int descriptor() { return socket_.is_open() ? socket_.native_handle() : -1; }
    net::Endpoint local_endpoint();
    std::uint64_t taken_bytes() const { return taken_bytes_ + taken_of_this_; }
    bool is_open() const { return opened_; }
    bool is_connected() const { return connected_; }

    void pause() { paused_ = true; }
    void resume();
    bool is_paused() const { return paused_; }

    void close();
    void close_when_drained();
    /// Closes it at once; what is queued, and that nothing more comes, is said as far as the system takes it.
    void take_leave();

protected:
    using Error = boost::system::error_code;
    using Socket = boost::asio::ip::tcp::socket;

    // What an heir does with what comes. None of it is called from within a call of the owner's.
    /// It can be written to: connected, and past what its filter has to agree on. Not of accepted ones without one.
    virtual void opened() = 0;
    /// Where bytes are to be put: never empty, and stays where it is until taken() is called.
    virtual dns::MutableBytes space() = 0;
    /// So many bytes were put there; 0: what was left when reading paused. Heeds is_paused() and is_closed().
    virtual void taken(std::size_t count) = 0;
    /// A part of something has been taken, so that now is no time to end.
    virtual bool has_part() const = 0;
    virtual void drained() = 0;
    /// The peer sends nothing more. True: it stays open for what the owner has yet to send.
    virtual bool half_closed() = 0;
    /// The last call.
    virtual void ended(StreamEnd how, std::error_code error) = 0;
    /// Memory of the heir's buffers, and their end.
    virtual std::size_t buffered_bytes() const = 0;
    /// They take more than before.
    virtual void grown() {}
    /// Nothing is in them; or it ends.
    virtual void free_input() = 0;

    bool is_closed() const { return closed_; }
    /// Of what has come, what is still behind the filter, put into space(); 0: nothing. To be asked within taken().
    std::size_t read_more();
    /// After everything that changes a buffer's size.
    void measure();
    void end(StreamEnd how, const Error& error);

private:
    /// What calls the owner is done in here.
    template <typename Work>
    void guarded(const Work& work);
    void connected();
    void read();
    void on_read(const Error& error, std::size_t count);
    void await_input();
    void on_input();
    void read_for_filter();
    void take(std::size_t count);
    void take_filtered();
    void on_end_of_input();
    void request_write();
    void write_queued();
    void encrypt();
    void on_write(const Error& error, std::size_t count);
    void watch();
    void linger();
    void discard();
    void free_buffers();

    Socket socket_;
    std::unique_ptr<StreamFilter> filter_;  ///< null: bytes go as they are
    std::shared_ptr<OneByOne> turns_{};     ///< null: it opens at once
    std::vector<std::uint8_t> queued_;      ///< waits for the write under way; before the filter
    std::vector<std::uint8_t> writing_;     ///< behind it
    std::unique_ptr<std::uint8_t[]> input_;  ///< what comes where it is for nobody
    MeteredBytes held_;
    std::uint64_t taken_bytes_ = 0;  ///< before the write under way
    std::uint64_t taken_of_this_ = 0;
    const bool accepted_;
    bool closed_ = false;
    bool connected_ = false;
    bool opened_ = false;
    bool watched_ = false;
    bool paused_ = false;
    bool reading_ = false;
    bool taking_ = false;
    bool resumed_ = false;  ///< while something was taken: there may be more that is whole
    bool write_requested_ = false;
    bool write_active_ = false;
    bool close_after_write_ = false;
    bool finished_ = false;  ///< the filter has said that nothing more will come
    bool lingering_ = false;
    bool input_ended_ = false;  ///< by the peer
};

}  // namespace dproxy::io
