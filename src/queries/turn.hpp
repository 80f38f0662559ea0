// SPDX-License-Identifier: MIT
// A turn of a worker's loop: one handler, from its first line to its last.
#pragma once

#include <exception>

namespace dproxy::proxy {

/// Only a Turn has one: whoever asks for it is called by nobody else.
class TurnKey {
    template <typename Events>
    friend class Turn;
    TurnKey() {}
};

/// First in every handler: `const Turn turn(events);`. The time is read once for all that comes in the turn, and what
/// was queued leaves in batches when it ends. Turns do not lie in each other. `events` outlives the turn: it is the
/// relay, as one of its callers sees it, with on_turn() and flush() that take a TurnKey.
template <typename Events>
class [[nodiscard]] Turn {
public:
    explicit Turn(Events& events) : events_(events) { events_.on_turn(TurnKey()); }
    /// After an exception what was queued waits for the next turn.
    ~Turn() noexcept(false) {
        if (std::uncaught_exceptions() == exceptions_) events_.flush(TurnKey());
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    Events& events_;
    const int exceptions_ = std::uncaught_exceptions();
};

}  // namespace dproxy::proxy
