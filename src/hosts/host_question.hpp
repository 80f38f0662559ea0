// SPDX-License-Identifier: MIT
// One question for an address of a host name, asked of one nameserver after the other until one answers it: over UDP,
// each time from a fresh socket (so from a random port) under a random ID, over TCP where the answer was cut.
// Belongs to the thread of its context; destroying it ends it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "dns/ask.hpp"
#include "dns/query.hpp"
#include "io/datagram_batch.hpp"
#include "io/message_stream.hpp"
#include "io/random_ids.hpp"
#include "io/readiness.hpp"
#include "routing/host_lookup.hpp"
#include "routing/host_search.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// What all questions share. Owned by whoever asks them.
struct HostQuestionContext {
    boost::asio::io_context& io;
    std::function<void()> ended;  ///< a question has its outcome; called from within its events
    io::RandomIds random;
    io::ReceiveBatch received;
    io::SendBatch to_send;
};

/// However many nameservers there are, a question takes no longer.
inline constexpr std::uint64_t max_question_ns = 30'000'000'000;

class HostQuestion final : private io::MessageStream::Events {
public:
    /// Asks at once. `first`: the nameserver to begin with. The context outlives the question.
    HostQuestion(HostQuestionContext& context, std::shared_ptr<const routing::ResolverSettings> settings,
                 std::size_t first, const dns::Name& name, std::uint16_t type, std::uint64_t now_ns);
    ~HostQuestion();
    HostQuestion(const HostQuestion&) = delete;
    HostQuestion& operator=(const HostQuestion&) = delete;

    /// To be called every now and then: moves on where a nameserver is silent.
    void look(std::uint64_t now_ns);
    /// None while it is under way.
    const std::optional<routing::QuestionOutcome>& outcome() const { return outcome_; }
    /// With an outcome: whom to begin with the next time.
    std::size_t good_nameserver() const { return good_; }

private:
    void ask_next(std::uint64_t now_ns);
    bool ask(const net::Endpoint& nameserver);
    void ask_by_stream(const net::Endpoint& nameserver);
    void read();
    void take(dns::Bytes message, bool by_stream);
    void move_on(bool silent);
    void end(routing::QuestionOutcome outcome);
    bool is_answer(dns::Bytes message) const;

    void on_message(dns::MutableBytes message) override { take(message, true); }
    void on_end(io::StreamEnd, std::error_code) override { move_on(true); }

    HostQuestionContext& context_;
    std::shared_ptr<const routing::ResolverSettings> settings_;
    std::size_t next_;          ///< the nameserver whose turn it is
    std::size_t good_;
    std::size_t asked_ = 0;     ///< nameservers, each as often as it was asked
    std::uint64_t began_ns_;
    std::uint64_t patience_until_ns_ = 0;
    bool due_ = true;           ///< the next nameserver is to be asked
    bool saw_silence_ = false;

    std::array<std::uint8_t, dns::ask_capacity> query_{};
    std::size_t query_length_;
    dns::Question question_;
    std::unique_ptr<io::Readiness> socket_;
    std::unique_ptr<io::MessageStream> stream_;
    std::optional<routing::QuestionOutcome> outcome_;
};

}  // namespace dproxy::proxy
