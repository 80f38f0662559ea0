// SPDX-License-Identifier: MIT
// Which of a route's upstreams is asked next (`policy`). Facts come in, an index comes out: no
// sockets, no clock, no randomness of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dns/message.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::routing {

/// What is known of one upstream of the route, for one choice.
struct Candidate {
    bool usable = true;   ///< up, or to be tried although it is down
    bool tried = false;   ///< this query has been sent to it already
    bool silent = false;  ///< nothing has come from it lately: the others first
    std::uint32_t outstanding = 0;  ///< queries that wait for it
    std::uint64_t identity = 0;     ///< the same after each reload: for `hash`
    bool risked = false;            ///< down or silent, but to be tried now: for the caller
};

/// What a choice depends on besides the candidates.
struct ChoiceFacts {
    std::uint32_t turn = 0;      ///< grows with each query of the route
    std::uint32_t random = 0;    ///< drawn anew for each choice
    std::uint64_t name_hash = 0;  ///< of the query's name; for `hash` only
    std::size_t attempts = 0;     ///< of this query, made already
};

/// The index of the upstream to ask; nothing when none is usable. One that was tried already is chosen
/// again only when there is no other. One that is silent is chosen after all others, even those that were tried: a
/// datagram that was lost is better sent again to who answers others than to who answers nobody. Once only: whose
/// second attempt came to nothing as well is better off with one that may be no more than slow than with a third.
std::optional<std::size_t> choose_upstream(Policy policy, std::span<const Candidate> candidates,
                                           const ChoiceFacts& facts);

/// Without regard to ASCII case: all spellings of a name go to the same upstream.
std::uint64_t hash_of_name(dns::Bytes name);

}  // namespace dproxy::routing
