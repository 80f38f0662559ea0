// SPDX-License-Identifier: MIT
#include "routing/attempts.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

#include "dns/client_subnet.hpp"

namespace dproxy::routing {

Attempts::Attempts(const AttemptTerms& terms)
    : settings_(terms.settings),
      deadline_ns_(terms.deadline_ns),
      upstreams_(static_cast<std::uint8_t>(std::min<std::size_t>(terms.upstreams, max_attempts + 1))),
      subnet_(terms.has_subnet ? Subnet::added : Subnet::none),
      may_repeat_(terms.opcode == static_cast<std::uint8_t>(dns::Opcode::query)),
      is_signed_(terms.is_signed),
      stream_asked_for_(terms.came_by_stream || terms.settings->protocol != Protocol::as_client),
      ended_(false) {
    left_ = may_repeat_ ? std::min(settings_->attempts, static_cast<std::uint8_t>(max_attempts)) : std::uint8_t{1};
}

Attempts::Order Attempts::begin() {
    assert(count_ == 0 && left_ > 0);
    return choose(Reason::first);
}

Attempts::Order Attempts::chosen() {
    assert(carried_out_ == Act::choose && left_ > 0);
    const AttemptNumber attempt = count_++;
    --left_;
    open_ |= bit(attempt);
    return send(chosen_for_, attempt, attempt == 0 ? no_attempt : static_cast<AttemptNumber>(attempt - 1));
}

Attempts::Order Attempts::nobody_left() {
    assert(carried_out_ == Act::choose);
    if (chosen_for_ == Reason::hedge) return wait_until(attempt_end_ns_);
    left_ = 0;
    return go_on();
}

AttemptManner Attempts::manner(AttemptNumber attempt, const UpstreamHabits& of) {
    assert(carried_out_ == Act::send && is_open(attempt));
    AttemptManner manner;
    if (subnet_ == Subnet::added && of.refuses_subnet) subnet_ = Subnet::unwanted;
    if (subnet_ == Subnet::unwanted) {
        manner.takes_back_subnet = true;
        subnet_ = Subnet::taken_back;
    }
    with_subnet_ &= static_cast<Set>(~bit(attempt));
    if (subnet_ == Subnet::added) with_subnet_ |= bit(attempt);
    manner.by_stream = stream_asked_for_ || moved_to_stream_ || of.insists_on_cookies;
    return manner;
}

Attempts::Order Attempts::sent(const UsualTime& usual, std::uint64_t now_ns) {
    assert(carried_out_ == Act::send || carried_out_ == Act::choose);
    const bool newest_has_time = count_ == 0 || !is_overdue(static_cast<AttemptNumber>(count_ - 1));
    if (left_ == 0 || !newest_has_time) return wait_until(deadline_ns_);
    // However slow the upstream, every attempt that is left has its share of the time that is left.
    const std::uint64_t share_ns = (deadline_ns_ - std::min(deadline_ns_, now_ns)) / (left_ + 1u);
    attempt_end_ns_ = now_ns + std::min(share_ns, usual.attempt_ns);
    const std::uint64_t hedge_ns = hedge_after_ns(usual);
    if (hedge_ns == 0 || now_ns + hedge_ns >= attempt_end_ns_) return wait_until(attempt_end_ns_);
    return wait_until(now_ns + hedge_ns, true);
}

/// When the first attempt, which has just been sent, is joined by a second one; 0: never.
std::uint64_t Attempts::hedge_after_ns(const UsualTime& usual) const {
    if (settings_->hedge == Hedge::off || count_ != 1) return 0;
    if (settings_->hedge == Hedge::p95) return usual.quantile_ns;
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(settings_->hedge_after).count());
}

Attempts::Order Attempts::not_sent(AttemptNumber attempt, Failure why) {
    assert(carried_out_ == Act::send && is_open(attempt));
    return close_as_failed(attempt, why);
}

Attempts::Order Attempts::kept() {
    assert(carried_out_ == Act::keep && !has_kept_);
    has_kept_ = true;
    return go_on();
}

Attempts::Order Attempts::replied(AttemptNumber attempt, std::uint16_t rcode, bool by_stream) {
    if (!is_live(attempt)) return {};
    // It is between the upstream and us: no answer to the client, whose cookie is another. RFC 7873 5.3: whoever
    // insists on cookies wants to know that the source is real. A TCP handshake shows that as well, and needs nothing
    // to be kept of the server.
    const bool wants_cookie = rcode == dns::rcode_badcookie && !is_signed_;
    if (wants_cookie && !by_stream && (cookie_demanded_ & bit(attempt)) == 0) {
        cookie_demanded_ |= bit(attempt);
        moved_to_stream_ = true;
        Order order = ask_again(attempt);
        order.note = Note::insists_on_cookies;
        return order;
    }
    // RFC 7871 7.1.3: a server may refuse whoever tells it networks, and some answer FORMERR, NOTIMP or BADVERS to any
    // OPT (RFC 6891 7). What the client did not ask for must not be what it is refused for.
    const bool refuses = dns::may_refuse_what_was_added(rcode);
    const bool was_refused = (refused_ & bit(attempt)) != 0;
    if (has_subnet(attempt) && refuses && !was_refused) {
        refused_ |= bit(attempt);
        if (subnet_ == Subnet::added) subnet_ = Subnet::unwanted;
        return ask_again(attempt);
    }
    Order order;
    if (wants_cookie) {
        order = close_and_go_on(attempt);
    } else if (!falls_back(rcode)) {
        open_ &= static_cast<Set>(~bit(attempt));
        order = finish(Act::deliver);
    } else if (has_kept_) {
        order = close_and_go_on(attempt);
    } else {
        open_ &= static_cast<Set>(~bit(attempt));
        order.act = carried_out_ = Act::keep;
    }
    order.closed = attempt;
    // It was asked with it before, and this is another answer.
    if (was_refused && !has_subnet(attempt) && !refuses) order.note = Note::refuses_subnet;
    return order;
}

bool Attempts::falls_back(std::uint16_t rcode) const {
    if (!may_repeat_ || rcode > 0x0f) return false;
    if (!fallback::names(settings_->fallback_on, static_cast<std::uint8_t>(rcode))) return false;
    // The same upstream would only say it again: another one is needed, or another attempt that is open.
    const bool another = left_ > 0 && count_ < upstreams_;
    const bool others_are_open = (open_ & (open_ - 1)) != 0;
    return another || others_are_open || has_kept_;
}

Attempts::Order Attempts::reply_cut(AttemptNumber attempt) {
    if (!is_live(attempt) || !may_repeat_ || (cut_ & bit(attempt)) != 0) return {};
    cut_ |= bit(attempt);
    moved_to_stream_ = true;
    return ask_again(attempt);
}

Attempts::Order Attempts::failed(AttemptNumber attempt, Failure why, bool by_stream) {
    if (!is_live(attempt)) return {};
    if (moved_to_stream_ && by_stream && may_repeat_) {
        // It was the proxy's own idea to ask over TCP, and not every server listens there.
        moved_to_stream_ = false;
        return send(Reason::moved, attempt);
    }
    return close_as_failed(attempt, why);
}

Attempts::Order Attempts::doubted(AttemptNumber attempt) {
    if (!is_live(attempt) || (doubted_ & bit(attempt)) != 0) return {};
    doubted_ |= bit(attempt);
    network_error_ = true;
    // Whoever waits for an older attempt has a newer one under way already.
    Order order;
    if (is_newest(attempt) && left_ > 0) order = choose(Reason::retry);
    order.note = Note::failed;
    return order;
}

Attempts::Order Attempts::cut_off(AttemptNumber attempt) {
    if (!is_live(attempt)) return {};
    if (!may_repeat_) return close_as_failed(attempt, Failure::network);
    return send(Reason::moved, attempt, attempt);
}

Attempts::Order Attempts::unheard(AttemptNumber attempt) {
    if (!is_live(attempt)) return {};
    if (unheard_left_ == 0) return close_as_failed(attempt, Failure::network);
    --unheard_left_;
    return send(Reason::moved, attempt, attempt);
}

Attempts::Order Attempts::guessed_at(AttemptNumber attempt) {
    if (!is_live(attempt) || !may_repeat_) return {};
    moved_to_stream_ = true;
    return send(Reason::moved, attempt);
}

Attempts::Order Attempts::stream_free(AttemptNumber attempt) {
    if (!is_live(attempt)) return {};
    return send(Reason::moved, attempt);
}

Attempts::Order Attempts::time_came(std::uint64_t now_ns) {
    if (ended_) return {};
    if (now_ns < due_ns_) return wait_until(due_ns_, hedge_is_next_);
    if (std::exchange(hedge_is_next_, false) && now_ns < attempt_end_ns_) return choose(Reason::hedge);
    // With a hedge, the first attempt is out of time as well by now.
    for (AttemptNumber attempt = 0; attempt < count_; ++attempt) {
        if (!is_open(attempt) || is_overdue(attempt)) continue;
        overdue_ |= bit(attempt);
        Order order;
        order.act = Act::tell_overdue;
        order.attempt = attempt;
        return order;
    }
    if (now_ns >= deadline_ns_) return give_up();
    return go_on();
}

Attempts::Order Attempts::choose(Reason reason) {
    Order order;
    order.act = carried_out_ = Act::choose;
    order.reason = chosen_for_ = reason;
    return order;
}

Attempts::Order Attempts::send(Reason reason, AttemptNumber attempt, AttemptNumber avoid) {
    Order order;
    order.act = carried_out_ = Act::send;
    order.reason = reason;
    order.attempt = attempt;
    order.avoid = avoid;
    return order;
}

Attempts::Order Attempts::ask_again(AttemptNumber attempt) {
    overdue_ &= static_cast<Set>(~bit(attempt));
    doubted_ &= static_cast<Set>(~bit(attempt));
    return send(Reason::retry, attempt);
}

Attempts::Order Attempts::wait_until(std::uint64_t until_ns, bool for_hedge) {
    hedge_is_next_ = for_hedge;
    due_ns_ = until_ns;
    Order order;
    order.act = carried_out_ = Act::wait;
    order.until_ns = until_ns;
    return order;
}

Attempts::Order Attempts::go_on() {
    if (left_ > 0) return choose(count_ == 0 ? Reason::first : Reason::retry);
    return open_ != 0 ? wait_until(deadline_ns_) : give_up();
}

Attempts::Order Attempts::close_and_go_on(AttemptNumber attempt) {
    open_ &= static_cast<Set>(~bit(attempt));
    Order order = go_on();
    order.closed = attempt;
    return order;
}

Attempts::Order Attempts::close_as_failed(AttemptNumber attempt, Failure why) {
    moved_to_stream_ = false;
    if (why == Failure::network) network_error_ = true;
    Order order = close_and_go_on(attempt);
    order.note = Note::failed;
    return order;
}

Attempts::Order Attempts::give_up() { return finish(has_kept_ ? Act::deliver_kept : Act::fail); }

Attempts::Order Attempts::finish(Act act) {
    due_ns_ = 0;
    hedge_is_next_ = false;
    Order order;
    order.act = carried_out_ = act;
    return order;
}

}  // namespace dproxy::routing
