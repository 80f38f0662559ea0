// SPDX-License-Identifier: MIT
#include "hosts/host_question.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dns/reply.hpp"
#include "io/monotonic.hpp"
#include "io/udp_socket.hpp"

namespace dproxy::proxy {

using routing::QuestionOutcome;

HostQuestion::HostQuestion(HostQuestionContext& context, std::shared_ptr<const routing::ResolverSettings> settings,
                           std::size_t first, const dns::Name& name, std::uint16_t type, std::uint64_t now_ns)
    : context_(context), settings_(std::move(settings)), next_(first), good_(first), began_ns_(now_ns) {
    dns::AskOptions options;
    options.edns = false;  // what is cut comes over TCP; there are servers that do not know EDNS
    query_length_ = dns::write_query(name, type, 0, options, query_);
    dns::read_question({query_.data(), query_length_}, question_);
    ask_next(now_ns);
}

HostQuestion::~HostQuestion() = default;

void HostQuestion::look(std::uint64_t now_ns) {
    if (outcome_) return;
    if (!due_ && now_ns >= patience_until_ns_) move_on(true);
    if (due_) ask_next(now_ns);
}

/// Asks the next nameserver that a message can be sent to, or ends when all had their turns.
void HostQuestion::ask_next(std::uint64_t now_ns) {
    const std::size_t count = settings_->nameservers.size();
    while (asked_ < count * settings_->attempts && now_ns - began_ns_ < max_question_ns) {
        const net::Endpoint& nameserver = settings_->nameservers[next_ % count];
        good_ = next_ % count;
        next_ = (next_ + 1) % count;
        ++asked_;
        if (!ask(nameserver)) {
            saw_silence_ = true;
            continue;
        }
        due_ = false;
        patience_until_ns_ = now_ns + io::nanoseconds_of(settings_->timeout);
        return;
    }
    good_ = next_;
    end({{}, saw_silence_});
}

bool HostQuestion::ask(const net::Endpoint& nameserver) {
    if (settings_->use_tcp) {
        ask_by_stream(nameserver);
        return true;
    }
    std::error_code error;
    io::Fd socket = io::connect_udp(nameserver, error);
    if (!socket) return false;
    auto watched = std::make_unique<io::Readiness>(context_.io, std::move(socket), [this] { read(); }, error);
    if (error) return false;
    dns::set_id(query_, context_.random.next());
    context_.to_send.push(dns::Bytes(query_.data(), query_length_));
    if (context_.to_send.flush(watched->fd()).failed > 0) return false;
    socket_ = std::move(watched);
    return true;
}

void HostQuestion::ask_by_stream(const net::Endpoint& nameserver) {
    dns::set_id(query_, context_.random.next());
    io::MessageStream::Events& events = *this;
    stream_ = std::make_unique<io::MessageStream>(context_.io, nameserver, dns::Bytes{}, events);
    stream_->send({query_.data(), query_length_});
}

void HostQuestion::read() {
    const int count = context_.received.receive(socket_->fd());
    if (count == -EAGAIN) return;
    if (count < 0) return move_on(true);  // an ICMP error: nobody is there
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) && socket_; ++i) {
        if (is_answer(context_.received.bytes(i))) return take(context_.received.bytes(i), false);
    }
}

/// From the nameserver's address, as the socket is connected. Anything else is waited past.
bool HostQuestion::is_answer(dns::Bytes message) const {
    const dns::Bytes query(query_.data(), query_length_);
    return message.size() >= dns::header_length && dns::id_of(message) == dns::id_of(query) &&
           dns::check_reply(query, question_, message) == dns::ReplyFault::none;
}

void HostQuestion::take(dns::Bytes message, bool by_stream) {
    if (by_stream && !is_answer(message)) return;
    if (!by_stream && dns::is_truncated(message)) {
        // Within the same patience.
        const std::size_t count = settings_->nameservers.size();
        const net::Endpoint& nameserver = settings_->nameservers[(next_ + count - 1) % count];
        socket_.reset();
        return ask_by_stream(nameserver);
    }
    dns::AddressAnswer answer = dns::read_address_answer(message);
    if (answer.finding == dns::AddressFinding::failed) return move_on(false);
    end({std::move(answer), false});
}

/// This nameserver is done with; the next one is asked at the next look.
void HostQuestion::move_on(bool silent) {
    socket_.reset();
    stream_.reset();
    saw_silence_ = saw_silence_ || silent;
    due_ = true;
    context_.ended();
}

void HostQuestion::end(QuestionOutcome outcome) {
    socket_.reset();
    stream_.reset();
    due_ = false;
    outcome_ = std::move(outcome);
    context_.ended();
}

}  // namespace dproxy::proxy
