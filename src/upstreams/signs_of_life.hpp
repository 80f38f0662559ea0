// SPDX-License-Identifier: MIT
// What one worker has seen of an upstream that says whether it lives, and when a query may be risked to find out. No
// judgement: that is the prober's (UpstreamHealth::up), who is told of what is seen.
#pragma once

#include <cstdint>
#include <memory>

#include "publication/publication.hpp"
#include "routing/risked_queries.hpp"

namespace dproxy::proxy {

/// One thread. No clock: the time is given.
class SignsOfLife {
public:
    /// The spec is the upstream's, which takes it anew at each reload.
    explicit SignsOfLife(const UpstreamSpec& spec) : spec_(spec) {}

    void asked(std::uint64_t now_ns) {
        if (asked_ns_ == 0) asked_ns_ = now_ns;
    }
    /// A message came from it.
    void heard(std::uint64_t now_ns);
    /// It answers queries of this type.
    void answered(std::uint16_t type);
    bool heard_since(std::uint64_t sent_ns) const { return last_heard_ns_ >= sent_ns; }
    /// An attempt ran out of time, and nothing has come since it was sent. True where several did: perhaps nothing gets
    /// through to it by the sockets that there are.
    bool overdue(std::uint16_t type, std::uint64_t now_ns);
    /// The network said no to an attempt.
    void refused(std::uint16_t type, std::uint64_t now_ns);
    /// A query has come to its end without a reply from it.
    void unanswered(std::uint16_t type, std::uint64_t now_ns);

    /// Several attempts in a row ran out of time and nothing has come since: where another upstream is up, that
    /// one is better asked. No judgement: it is not down.
    bool is_silent();
    /// A message that came since it went down shows at once that it is back.
    bool is_up() const;
    /// When a message came last, to any worker or to a probe.
    std::uint64_t last_ns() const;

    /// All upstreams of the route are down: a query of this client may be risked to find out whether this one still is.
    bool may_risk(const net::Address& client, std::uint64_t now_ns) const;
    /// Others are up. Only a query shows that it is back, and it may be one of this client's.
    bool may_risk_beside_others(const net::Address& client, std::uint64_t now_ns) const;
    void note_risk(const net::Address& client, std::uint64_t now_ns);

private:
    bool proves(std::uint16_t type) const;
    void note_overdue(std::uint64_t now_ns);

    const UpstreamSpec& spec_;
    std::uint64_t last_heard_ns_ = 0;
    std::uint64_t asked_ns_ = 0;     ///< when the first query since then was sent; 0: none was
    std::uint32_t unheard_ = 0;      ///< attempts out of time since then, of any type
    std::uint32_t overdue_ = 0;      ///< attempts out of time since then
    std::uint64_t overdue_ns_ = 0;   ///< when the last of them was
    std::uint64_t reported_ns_ = 0;  ///< when it was last said that it is alive
    std::uint64_t answered_types_ = 0;  ///< as far as this worker has heard
    std::unique_ptr<routing::RiskedQueries> risked_;  ///< null: none was ever
};

}  // namespace dproxy::proxy
