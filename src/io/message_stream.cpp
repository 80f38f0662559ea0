// SPDX-License-Identifier: MIT
#include "io/message_stream.hpp"

#include <array>
#include <cassert>
#include <utility>

#include "dns/tcp_framing.hpp"
#include "io/byte_stream.hpp"

namespace dproxy::io {

class MessageStream::State final : public ByteStream {
public:
    State(boost::asio::io_context& io, std::shared_ptr<ByteMeter> meter, std::unique_ptr<StreamFilter> filter,
          Events& events, bool accepted)
        : ByteStream(io, std::move(meter), std::move(filter), accepted), events_(events) {}

    bool has_part() const override { return framer_.has_unread(); }
    std::optional<dns::MutableBytes> next();
    bool refill();

private:
    void opened() override { events_.on_connected(); }
    dns::MutableBytes space() override { return framer_.space(); }
    void taken(std::size_t count) override;
    void drained() override { events_.on_drained(); }
    bool half_closed() override { return events_.on_half_closed(); }
    void ended(StreamEnd how, std::error_code error) override { events_.on_end(how, error); }
    std::size_t buffered_bytes() const override { return framer_.capacity(); }
    void grown() override { events_.on_grown(); }
    void free_input() override { framer_ = {}; }

    Events& events_;  ///< not called once it is closed
    dns::StreamFramer framer_;
};

void MessageStream::State::taken(std::size_t count) {
    if (count > 0) framer_.commit(count);
    while (const auto first = next()) {
        Incoming incoming(*this, *first);
        events_.on_messages(incoming);
    }
    if (!is_closed() && framer_.failed()) end(StreamEnd::bad_length, {});
}

std::optional<dns::MutableBytes> MessageStream::State::next() {
    if (is_closed() || is_paused()) return std::nullopt;
    return framer_.next();
}

bool MessageStream::State::refill() {
    if (is_closed() || is_paused() || framer_.failed()) return false;
    const std::size_t more = read_more();
    framer_.commit(more);
    return more > 0;
}

std::optional<dns::MutableBytes> MessageStream::Incoming::next() {
    if (first_) return std::exchange(first_, std::nullopt);
    return state_.next();
}

bool MessageStream::Incoming::refill() { return state_.refill(); }

MessageStream::MessageStream(boost::asio::io_context& context, Fd connection, bool v4, Events& events,
                             std::shared_ptr<ByteMeter> meter, std::unique_ptr<StreamFilter> filter)
    : state_(std::make_shared<State>(context, std::move(meter), std::move(filter), events, true)) {
    state_->accept(std::move(connection), v4);
}

MessageStream::MessageStream(boost::asio::io_context& context, const net::Endpoint& peer, dns::Bytes preface,
                             Events& events, std::shared_ptr<ByteMeter> meter, std::unique_ptr<StreamFilter> filter)
    : state_(std::make_shared<State>(context, std::move(meter), std::move(filter), events, false)) {
    state_->connect(peer, preface);
}

MessageStream::~MessageStream() { state_->close(); }

void MessageStream::send(dns::Bytes message) {
    assert(message.size() <= dns::max_message_length);
    std::array<std::uint8_t, dns::StreamFramer::length_prefix> length{};
    dns::write_u16(length.data(), static_cast<std::uint16_t>(message.size()));
    state_->write(length, message);
}

std::size_t MessageStream::held_bytes() const { return state_->held_bytes(); }

bool MessageStream::all_taken() const { return state_->all_taken(); }

std::size_t MessageStream::queued_bytes() const { return state_->queued_bytes(); }

int MessageStream::descriptor() const { return state_->descriptor(); }

net::Endpoint MessageStream::local_endpoint() const { return state_->local_endpoint(); }

std::uint64_t MessageStream::taken_bytes() const { return state_->taken_bytes(); }

bool MessageStream::has_part_of_message() const { return state_->has_part() && !state_->is_paused(); }

bool MessageStream::is_open() const { return state_->is_open(); }

bool MessageStream::is_connected() const { return state_->is_connected(); }

void MessageStream::open_in_turns(std::shared_ptr<OneByOne> turns) { state_->open_in_turns(std::move(turns)); }

void MessageStream::pause_reading() { state_->pause(); }

void MessageStream::resume_reading() { state_->resume(); }

bool MessageStream::reading_paused() const { return state_->is_paused(); }

void MessageStream::close() { state_->close(); }

void MessageStream::close_when_drained() { state_->close_when_drained(); }

}  // namespace dproxy::io
