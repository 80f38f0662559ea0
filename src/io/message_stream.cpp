// SPDX-License-Identifier: MIT
#include "io/message_stream.hpp"

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cassert>
#include <vector>

#include "dns/tcp_framing.hpp"
#include "io/socket_address.hpp"

namespace dproxy::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr std::size_t discard_bytes = 1024;
constexpr std::size_t kept_capacity = 16 * 1024; ///< an output buffer that grew larger is given back

tcp::endpoint to_asio(const net::Endpoint& endpoint) {
    if (endpoint.address.is_v4()) {
        asio::ip::address_v4::bytes_type bytes;
        std::copy(endpoint.address.bytes.begin() + 12, endpoint.address.bytes.end(), bytes.begin());
        return {asio::ip::address_v4(bytes), endpoint.port};
    }
    return {asio::ip::address_v6(endpoint.address.bytes), endpoint.port};
}

}  // namespace

struct MessageStream::State : std::enable_shared_from_this<MessageStream::State> {
    State(asio::io_context& io, Events& owner, bool is_accepted) : socket(io), events(&owner), accepted(is_accepted) {}

    void read();
    void on_read(const Error& error, std::size_t count);
    void deliver();
    void request_write();
    void write();
    void on_write(const Error& error, std::size_t count);
    void watch();
    void linger();
    void discard();
    void end(StreamEnd how, const Error& error);
    void shut();

    tcp::socket socket;
    Events* events;  ///< null once closed
    dns::StreamFramer framer;
    std::vector<std::uint8_t> queued;   ///< waits for the write under way
    std::vector<std::uint8_t> writing;
    std::uint64_t progress = 0;
    const bool accepted;
    bool connected = true;
    bool watched = false;
    bool paused = false;
    bool reading = false;
    bool delivering = false;
    bool write_requested = false;
    bool write_active = false;
    bool close_after_write = false;
    bool lingering = false;
    std::unique_ptr<std::uint8_t[]> discarded;  ///< read after the end, and thrown away
    bool half_closed = false;  ///< by the peer
};

void MessageStream::State::read() {
    if (!events || reading || !connected || delivering) return;
    if (paused || half_closed) return watch();
    reading = true;
    const auto room = framer.space();
    socket.async_read_some(asio::buffer(room.data(), room.size()),
                           [self = shared_from_this()](const Error& error, std::size_t count) {
                               self->reading = false;
                               self->on_read(error, count);
                           });
}

void MessageStream::State::on_read(const Error& error, std::size_t count) {
    if (!events) return;
    if (lingering) return error ? end(StreamEnd::peer_closed, {}) : discard();
    if (error) {
        if (error != asio::error::eof) return end(StreamEnd::failed, error);
        if (framer.has_unread()) return end(StreamEnd::cut_short, {});
        half_closed = true;
        if (events->on_half_closed() || !events) return watch();
        return end(StreamEnd::peer_closed, {});
    }
    ++progress;
    framer.commit(count);
    deliver();
}

void MessageStream::State::deliver() {
    delivering = true;
    while (events && !paused) {
        const auto message = framer.next();
        if (!message) break;
        events->on_message(*message);
    }
    delivering = false;
    if (!events) return;
    if (framer.failed()) return end(StreamEnd::bad_length, {});
    read();
}

void MessageStream::State::request_write() {
    if (write_requested || write_active || !connected || queued.empty()) return;
    write_requested = true;
    asio::post(socket.get_executor(), [self = shared_from_this()] {
        self->write_requested = false;
        self->write();
    });
}

void MessageStream::State::write() {
    if (!events || write_active || queued.empty()) return;
    write_active = true;
    writing.swap(queued);
    asio::async_write(
        socket, asio::buffer(writing),
        [self = shared_from_this()](const Error& error, std::size_t done) -> std::size_t {
            if (done > 0) ++self->progress;
            return error ? 0 : self->writing.size() - done;
        },
        [self = shared_from_this()](const Error& error, std::size_t count) { self->on_write(error, count); });
}

void MessageStream::State::on_write(const Error& error, std::size_t) {
    write_active = false;
    if (!events) return;
    if (error) return end(StreamEnd::failed, error);
    writing.clear();
    if (writing.capacity() > kept_capacity) writing = {};
    if (!queued.empty()) return write();
    if (close_after_write) return linger();
    events->on_drained();
}

// A client that is reset while nothing is read from it would hold what it asked for until something is sent
// to it. Of an upstream all that it sent before is wanted, so it is not watched.
void MessageStream::State::watch() {
    if (!events || !accepted || watched) return;
    watched = true;
    socket.async_wait(tcp::socket::wait_error, [self = shared_from_this()](const Error& error) {
        if (error || !self->events || self->lingering) return;
        int fault = 0;
        socklen_t length = sizeof fault;
        ::getsockopt(self->socket.native_handle(), SOL_SOCKET, SO_ERROR, &fault, &length);
        // 0: urgent data, which is none of DNS. Asking again would wake at once for it.
        if (fault != 0) self->end(StreamEnd::failed, Error(fault, boost::system::system_category()));
    });
}

// A socket closed with bytes unread sends a reset, which may overtake the answers just written: so
// only this side is closed, and what still comes is thrown away until the peer closes its side.
void MessageStream::State::linger() {
    lingering = true;
    Error ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    discard();
}

void MessageStream::State::discard() {
    if (reading) return;
    reading = true;
    if (!discarded) discarded.reset(new std::uint8_t[discard_bytes]);
    socket.async_read_some(asio::buffer(discarded.get(), discard_bytes),
                           [self = shared_from_this()](const Error& error, std::size_t) {
                               self->reading = false;
                               if (!self->events) return;
                               if (error) return self->end(StreamEnd::peer_closed, {});
                               self->discard();
                           });
}

void MessageStream::State::end(StreamEnd how, const Error& error) {
    Events* owner = std::exchange(events, nullptr);
    shut();
    if (owner) owner->on_end(how, error);
}

void MessageStream::State::shut() {
    events = nullptr;
    Error ignored;
    socket.close(ignored);
}

MessageStream::MessageStream(asio::io_context& context, Fd connection, bool v4, Events& events)
    : state_(std::make_shared<State>(context, events, true)) {
    Error error;
    state_->socket.assign(v4 ? tcp::v4() : tcp::v6(), connection.release(), error);
    state_->read();
}

MessageStream::MessageStream(asio::io_context& context, const net::Endpoint& peer, dns::Bytes preface, Events& events)
    : state_(std::make_shared<State>(context, events, false)) {
    state_->connected = false;
    state_->queued.assign(preface.begin(), preface.end());
    state_->socket.async_connect(to_asio(peer), [state = state_](const Error& error) {
        if (!state->events) return;
        if (error) return state->end(StreamEnd::failed, error);
        Error ignored;
        state->socket.set_option(tcp::no_delay(true), ignored);
        state->connected = true;
        ++state->progress;
        state->events->on_connected();
        state->request_write();
        state->read();
    });
}

MessageStream::~MessageStream() { state_->shut(); }

void MessageStream::send(dns::Bytes message) {
    assert(message.size() <= dns::max_message_length);
    if (!state_->events) return;
    std::uint8_t length[2];
    dns::write_u16(length, static_cast<std::uint16_t>(message.size()));
    state_->queued.insert(state_->queued.end(), length, length + 2);
    state_->queued.insert(state_->queued.end(), message.begin(), message.end());
    state_->request_write();
}

std::size_t MessageStream::queued_bytes() const { return state_->queued.size() + state_->writing.size(); }

net::Endpoint MessageStream::local_endpoint() const { return bound_endpoint(state_->socket.native_handle()); }

std::uint64_t MessageStream::progress() const { return state_->progress; }

void MessageStream::pause_reading() { state_->paused = true; }

void MessageStream::resume_reading() {
    if (!state_->paused) return;
    state_->paused = false;
    // Whole messages may lie in the framer; they come from the loop, as on_message must not be called from here.
    asio::post(state_->socket.get_executor(), [state = state_] {
        if (state->events && !state->reading && !state->delivering) state->deliver();
    });
}

bool MessageStream::reading_paused() const { return state_->paused; }

void MessageStream::close() { state_->shut(); }

void MessageStream::close_when_drained() {
    if (!state_->events) return;
    state_->paused = true;
    if (!state_->write_active && state_->queued.empty()) {
        asio::post(state_->socket.get_executor(), [state = state_] {
            if (state->events && !state->write_active && state->queued.empty()) state->linger();
        });
    }
    state_->close_after_write = true;
}

}  // namespace dproxy::io
