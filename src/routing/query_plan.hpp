// SPDX-License-Identifier: MIT
// What to do next about one query: send it (again), wait, or give up. Knows no sockets and no clock;
// which upstream is asked is another decision (upstream_choice.hpp).
#pragma once

#include <cstdint>

#include "dns/message.hpp"

namespace dproxy::routing {

/// Why an attempt brought nothing.
enum class AttemptEnd : std::uint8_t {
    timed_out,  ///< its share of time ran out; a late reply still counts
    network,    ///< the network said no: ICMP, reset, connection closed
    overload,   ///< could not be sent within our own limits
    fell_back,  ///< a reply came, of an rcode that `fallback_on` names
};

enum class Step : std::uint8_t {
    send,     ///< make the next attempt now
    wait,     ///< another attempt is still open
    give_up,  ///< answer SERVFAIL with error()
};

/// The state of one query's attempts. Small and trivially copyable: it lies in the query's entry.
class QueryPlan {
public:
    QueryPlan() = default;
    /// Only opcode QUERY is ever sent twice: UPDATE and others may not be repeated safely.
    QueryPlan(std::uint8_t opcode, std::uint8_t attempts)
        : attempts_left_(opcode == static_cast<std::uint8_t>(dns::Opcode::query) ? attempts : std::uint8_t{1}) {}

    /// An attempt was made; the caller found an upstream for it.
    void sent() {
        --attempts_left_;
        ++open_;
    }
    /// An attempt that did not count after all: a kept connection closed before any reply came on it.
    void unsent() {
        ++attempts_left_;
        --open_;
    }

    /// The time of the newest attempt ran out. It stays open: its reply is still good.
    Step attempt_timed_out() { return attempts_left_ > 0 ? Step::send : Step::wait; }

    /// An attempt failed for good.
    Step attempt_failed(AttemptEnd end) {
        --open_;
        if (end == AttemptEnd::network) network_error_ = true;
        if (attempts_left_ > 0) return Step::send;
        return open_ > 0 ? Step::wait : Step::give_up;
    }

    /// There is nobody left to ask: what is open is waited for, and then it is over.
    Step stop_sending() {
        attempts_left_ = 0;
        return open_ > 0 ? Step::wait : Step::give_up;
    }

    /// What the client is told when all came to nothing.
    dns::ExtendedError error() const {
        return network_error_ ? dns::ExtendedError::network_error : dns::ExtendedError::no_reachable_authority;
    }
    bool may_send() const { return attempts_left_ > 0; }
    std::uint8_t attempts_left() const { return attempts_left_; }
    std::uint8_t open() const { return open_; }

private:
    std::uint8_t attempts_left_ = 0;
    std::uint8_t open_ = 0;
    bool network_error_ = false;
};

}  // namespace dproxy::routing
