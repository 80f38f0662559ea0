// SPDX-License-Identifier: MIT
// Held by tests/unit/io/message_stream_test.cpp and tests/unit/io/filtered_stream_test.cpp.
#include "io/byte_stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <utility>

#include "io/socket_address.hpp"

namespace dproxy::io {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::size_t input_bytes = 4096;  ///< read at once for a filter, or for nobody
constexpr std::size_t stream_bytes = 2048;  ///< of a stream with empty buffers: itself, its owner, its handlers
constexpr std::size_t kept_capacity = 16 * 1024;  ///< an output buffer that grew larger is given back

tcp::endpoint to_asio(const net::Endpoint& endpoint) {
    const SocketAddress address(endpoint);
    tcp::endpoint made;
    made.resize(address.length);
    std::memcpy(made.data(), static_cast<const void*>(&address), address.length);
    return made;
}

}  // namespace

ByteStream::ByteStream(asio::io_context& io, std::shared_ptr<ByteMeter> meter, std::unique_ptr<StreamFilter> filter,
                       bool accepted)
    : socket_(io), filter_(std::move(filter)), held_(std::move(meter)), accepted_(accepted) {}

// What is closed counts no more: it goes with the handlers that are under way, which is in the next turn of the loop.
void ByteStream::measure() {
    if (closed_) return held_.set(0);
    std::size_t bytes = stream_bytes + buffered_bytes() + queued_.capacity() + writing_.capacity();
    if (input_) bytes += input_bytes;
    if (filter_) bytes += filter_->held_bytes();
    held_.set(bytes);
}

// What was about to be done for the owner is not done any more when it throws.
template <typename Work>
void ByteStream::guarded(const Work& work) {
    try {
        work();
    } catch (...) {
        taking_ = resumed_ = false;
        end(StreamEnd::failed, asio::error::no_memory);
        throw;
    }
}

void ByteStream::accept(Fd connection, bool v4) {
    measure();
    Error error;
    socket_.assign(v4 ? tcp::v4() : tcp::v6(), connection.get(), error);
    if (!error) connection.release();
    if (!error && filter_) socket_.non_blocking(true, error);
    if (!error) {
        connected_ = true;
        opened_ = !filter_;
        return read();
    }
    asio::post(socket_.get_executor(), [self = shared_from_this(), error] { self->end(StreamEnd::failed, error); });
}

void ByteStream::connect(const net::Endpoint& peer, dns::Bytes preface) {
    (filter_ ? writing_ : queued_).assign(preface.begin(), preface.end());
    measure();
    Error refused;
    socket_.open(to_asio(peer).protocol(), refused);
    if (!refused && filter_) socket_.non_blocking(true, refused);
    if (refused) {
        asio::post(socket_.get_executor(),
                   [self = shared_from_this(), refused] { self->end(StreamEnd::failed, refused); });
        return;
    }
    socket_.async_connect(to_asio(peer), [self = shared_from_this()](const Error& error) {
        if (self->closed_) return;
        if (error) return self->end(StreamEnd::failed, error);
        self->guarded([&] { self->connected(); });
    });
}

void ByteStream::connected() {
    Error ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    connected_ = true;
    if (filter_) {
        write_queued();
    } else {
        opened_ = true;
        opened();
        request_write();
    }
    read();
}

void ByteStream::read() {
    if (closed_ || reading_ || !connected_ || taking_) return;
    if (paused_ || input_ended_) return watch();
    if (filter_) return await_input();
    reading_ = true;
    const dns::MutableBytes room = space();
    measure();
    socket_.async_read_some(asio::buffer(room.data(), room.size()),
                            [self = shared_from_this()](const Error& error, std::size_t count) {
                                self->reading_ = false;
                                self->guarded([&] { self->on_read(error, count); });
                            });
}

void ByteStream::on_read(const Error& error, std::size_t count) {
    if (closed_) return free_buffers();
    if (lingering_) return error ? end(StreamEnd::peer_closed, {}) : discard();
    if (error == asio::error::eof) return on_end_of_input();
    if (error) return end(StreamEnd::failed, error);
    const std::size_t before = buffered_bytes();
    take(count);
    if (!closed_ && buffered_bytes() > before) grown();
}

// What comes for a filter lies with the system until it is taken: a connection that is silent holds no memory for it.
void ByteStream::await_input() {
    reading_ = true;
    measure();
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const Error& error) {
        self->reading_ = false;
        self->guarded([&] {
            if (error && !self->closed_) return self->end(StreamEnd::failed, error);
            self->on_input();
        });
    });
}

void ByteStream::on_input() {
    if (!turns_ || opened_ || closed_) return read_for_filter();
    reading_ = true;  // there is something to be read yet
    turns_->add([self = shared_from_this()] {
        self->reading_ = false;
        self->guarded([&] { self->read_for_filter(); });
    });
}

void ByteStream::read_for_filter() {
    if (closed_) return free_buffers();
    if (lingering_) return discard();
    if (paused_) return read();
    std::array<std::uint8_t, input_bytes> input;
    Error error;
    const std::size_t count = socket_.read_some(asio::buffer(input), error);
    if (error == asio::error::would_block) return await_input();
    if (error == asio::error::eof) return on_end_of_input();
    if (error) return end(StreamEnd::failed, error);
    const std::size_t before = buffered_bytes();
    filter_->take({input.data(), count});
    take(0);
    if (!closed_ && buffered_bytes() > before) grown();
}

/// `count`: bytes that lie in the heir's space already.
void ByteStream::take(std::size_t count) {
    taking_ = true;
    taken(count);
    if (filter_) take_filtered();
    // The owner's turn may end with room that it did not have within: what was left lying comes before the next bytes,
    // as these may never come.
    while (std::exchange(resumed_, false) && !closed_) {
        taken(0);
        if (filter_) take_filtered();
    }
    taking_ = false;
    if (closed_) return free_buffers();
    if (filter_) {
        if (!has_part()) free_input();
        if (filter_->state() == StreamFilter::State::failed) return end(StreamEnd::filter, {});
        if (filter_->state() == StreamFilter::State::ended && !paused_) return on_end_of_input();
    }
    read();
}

void ByteStream::take_filtered() {
    using State = StreamFilter::State;
    if (!closed_ && !opened_ && (filter_->state() == State::open || filter_->state() == State::ended)) {
        opened_ = true;
        opened();
    }
    while (!closed_ && opened_ && !paused_) {
        const std::size_t count = read_more();
        if (count == 0) break;
        taken(count);
    }
    if (closed_) return;
    measure();
    write_queued();
}

std::size_t ByteStream::read_more() { return filter_ && opened_ && !closed_ ? filter_->read(space()) : 0; }

void ByteStream::on_end_of_input() {
    if (input_ended_) return;
    if (!opened_) return end(StreamEnd::filter, {});
    if (has_part()) return end(StreamEnd::cut_short, {});
    input_ended_ = true;
    if (half_closed() || closed_) return watch();
    end(StreamEnd::peer_closed, {});
}

void ByteStream::write(dns::Bytes first, dns::Bytes second) {
    if (closed_) return;
    const std::size_t before = queued_.size(), room = queued_.capacity();
    queued_.resize(before + first.size() + second.size());  // both or nothing: half a message would shift what follows
    const auto at = queued_.begin() + static_cast<std::ptrdiff_t>(before);
    std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), at));
    if (queued_.capacity() != room) measure();
    request_write();
}

void ByteStream::request_write() {
    if (write_requested_ || write_active_ || !opened_ || queued_.empty()) return;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        self->write_requested_ = false;
        self->guarded([&] { self->write_queued(); });
    });
    write_requested_ = true;
}

void ByteStream::write_queued() {
    if (closed_ || write_active_) return;
    if (filter_) {
        encrypt();
    } else {
        writing_.swap(queued_);
    }
    if (writing_.empty()) return;
    write_active_ = true;
    asio::async_write(
        socket_, asio::buffer(writing_),
        [self = shared_from_this()](const Error& error, std::size_t done) -> std::size_t {
            self->taken_of_this_ = done;
            return error ? 0 : self->writing_.size() - done;
        },
        [self = shared_from_this()](const Error& error, std::size_t count) {
            self->guarded([&] { self->on_write(error, count); });
        });
}

void ByteStream::encrypt() {
    if (opened_ && !queued_.empty()) {
        filter_->write(queued_);
        queued_.clear();
        if (queued_.capacity() > kept_capacity) queued_ = {};
    }
    filter_->fetch(writing_);
    measure();
}

void ByteStream::on_write(const Error& error, std::size_t count) {
    taken_bytes_ += count;
    taken_of_this_ = 0;
    write_active_ = false;
    if (closed_) return free_buffers();
    if (error) return end(StreamEnd::failed, error);
    writing_.clear();
    if (writing_.capacity() > kept_capacity) writing_ = {};
    measure();
    if (lingering_) return;
    write_queued();
    if (write_active_) return;
    if (close_after_write_) return linger();
    if (opened_) drained();
}

// A client that is reset while nothing is read from it would hold what it asked for until something is sent
// to it. Of an upstream all that it sent before is wanted, so it is not watched.
void ByteStream::watch() {
    if (closed_ || !accepted_ || watched_) return;
    watched_ = true;
    socket_.async_wait(tcp::socket::wait_error, [self = shared_from_this()](const Error& error) {
        if (error || self->closed_ || self->lingering_) return;
        int fault = 0;
        socklen_t length = sizeof fault;
        ::getsockopt(self->socket_.native_handle(), SOL_SOCKET, SO_ERROR, &fault, &length);
        // 0: urgent data, which is none of DNS. Asking again would wake at once for it.
        if (fault != 0) self->end(StreamEnd::failed, Error(fault, boost::system::system_category()));
    });
}

// A socket closed with bytes unread sends a reset, which may overtake the answers just written: so
// only this side is closed, and what still comes is thrown away until the peer closes its side.
void ByteStream::linger() {
    if (filter_ && !std::exchange(finished_, true)) {
        filter_->finish();
        write_queued();
        if (write_active_) return;
    }
    lingering_ = true;
    Error ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    discard();
}

void ByteStream::discard() {
    if (reading_) return;
    reading_ = true;
    if (!input_) input_.reset(new std::uint8_t[input_bytes]);
    measure();
    socket_.async_read_some(asio::buffer(input_.get(), input_bytes),
                            [self = shared_from_this()](const Error& error, std::size_t) {
                                self->reading_ = false;
                                if (self->closed_) return;
                                if (error) return self->end(StreamEnd::peer_closed, {});
                                self->guarded([&] { self->discard(); });
                            });
}

void ByteStream::end(StreamEnd how, const Error& error) {
    if (closed_) return;
    close();
    ended(how, error);
}

void ByteStream::take_leave() {
    if (!closed_ && opened_ && !write_active_) {
        if (filter_ && !std::exchange(finished_, true)) {
            encrypt();
            filter_->finish();
            filter_->fetch(writing_);
        } else if (!filter_) {
            writing_.swap(queued_);
        }
        ::send(socket_.native_handle(), writing_.data(), writing_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    close();
}

void ByteStream::close() {
    closed_ = true;
    Error ignored;
    socket_.close(ignored);
    free_buffers();
}

/// As far as neither the system nor the owner is looking at them.
void ByteStream::free_buffers() {
    queued_ = {};
    if (!write_active_) writing_ = {};
    if (!reading_) input_.reset();
    if (!reading_ && !taking_) free_input();
    measure();
}

bool ByteStream::all_taken() {
    if (closed_) return true;
    if (queued_bytes() > 0) return false;
    int on_the_way = 0;
    return ::ioctl(socket_.native_handle(), SIOCOUTQ, &on_the_way) != 0 || on_the_way == 0;
}

net::Endpoint ByteStream::local_endpoint() { return bound_endpoint(socket_.native_handle()); }

void ByteStream::resume() {
    if (!paused_) return;
    paused_ = false;
    if (taking_) {
        resumed_ = true;
        return;
    }
    // What was taken may be whole; it comes from the loop, as the owner must not be called from here.
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (!self->closed_ && !self->reading_) self->guarded([&] { self->take(0); });
    });
}

void ByteStream::close_when_drained() {
    if (closed_) return;
    paused_ = true;
    if (!write_active_ && queued_.empty()) {
        asio::post(socket_.get_executor(), [self = shared_from_this()] {
            if (self->closed_ || self->write_active_ || !self->queued_.empty()) return;
            self->guarded([&] { self->linger(); });
        });
    }
    close_after_write_ = true;
}

}  // namespace dproxy::io
