// SPDX-License-Identifier: MIT
// Queries that have anything happen to them, in any order: what holds whatever happens.
#include <algorithm>
#include <random>

#include "attempt_story.hpp"

namespace dproxy::routing {

namespace {

constexpr std::uint64_t tick_ns = 4 * ms;

/// One query; orders are carried out with any outcome, and events come that no link would tell.
class Walk {
public:
    explicit Walk(std::uint32_t seed) : random_(seed) {
        settings_.attempts = static_cast<std::uint8_t>(1 + draw(max_attempts));
        settings_.fallback_on = static_cast<std::uint8_t>(draw(8));
        settings_.hedge = static_cast<Hedge>(draw(3));
        settings_.hedge_after = std::chrono::milliseconds(draw(1000));
        settings_.protocol = one_in(4) ? Protocol::tcp : Protocol::as_client;
        terms_.settings = &settings_;
        terms_.upstreams = 1 + draw(6);
        terms_.deadline_ns = now_ns_ + (1 + draw(5000)) * ms;
        terms_.opcode = one_in(4) ? opcode_update : opcode_query;
        terms_.came_by_stream = one_in(3);
        terms_.is_signed = one_in(4);
        terms_.has_subnet = one_in(2);
        attempts_ = Attempts(terms_);
    }

    void run() {
        carry_out(attempts_.begin());
        while (!attempts_.has_ended()) {
            now_ns_ += draw(3) == 0 ? 0 : draw(200) * ms;
            now_ns_ = std::min(now_ns_, std::max(due_ns_, last_ns_) + tick_ns);  // each wait is kept to the tick
            last_ns_ = now_ns_;
            if (now_ns_ >= due_ns_) {
                carry_out(attempts_.time_came(now_ns_));
                // Only time takes it so far: what a clock does not tell, no event may put off.
                REQUIRE((attempts_.has_ended() || answer_is_owed_ || now_ns_ < terms_.deadline_ns + tick_ns));
            } else {
                happen();
            }
        }
        REQUIRE((answer_is_owed_ || now_ns_ <= terms_.deadline_ns + tick_ns));
        REQUIRE(ends_ == 1);
        REQUIRE(opened_ == attempts_.count());
        const auto most = terms_.opcode == opcode_query ? settings_.attempts : 1;
        REQUIRE(attempts_.count() <= most);
        const std::size_t orders = orders_;
        for (int i = 0; i < 20; ++i) happen();
        carry_out(attempts_.time_came(now_ns_ + 60'000 * ms));
        REQUIRE(orders_ == orders);
        for (AttemptNumber n = 0; n < attempts_.count(); ++n) REQUIRE(attempts_.is_open(n) == !closed_[n]);
    }

private:
    std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
    bool one_in(std::uint32_t n) { return draw(n) == 0; }
    Attempts::Failure any_failure() {
        return one_in(2) ? Attempts::Failure::network : Attempts::Failure::overload;
    }

    void happen() {
        const auto attempt = static_cast<AttemptNumber>(one_in(20) ? no_attempt : draw(max_attempts));
        static constexpr std::uint16_t rcodes[] = {noerror, formerr, servfail, nxdomain, notimp, refused,
                                                   dns::rcode_badvers, rcode_badcookie};
        switch (draw(10)) {
            case 0:
                return carry_out(attempts_.replied(attempt, rcodes[draw(std::size(rcodes))], one_in(2)));
            case 1:
                return carry_out(attempts_.failed(attempt, any_failure(), one_in(2)));
            case 2:
                return carry_out(attempts_.doubted(attempt));
            case 3:
                return carry_out(attempts_.cut_off(attempt));
            case 4:
                return carry_out(attempts_.guessed_at(attempt));
            case 5:
                return carry_out(attempts_.stream_free(attempt));
            case 6:
                return carry_out(attempts_.reply_cut(attempt));
            case 7:
                return carry_out(attempts_.unheard(attempt));
            default:
                return carry_out(attempts_.time_came(now_ns_));
        }
    }

    void carry_out(AttemptOrder order) {
        for (;;) {
            if (order.closed != no_attempt) close(order.closed);
            if (order.act == AttemptOrder::Act::nothing) return;
            ++orders_;
            REQUIRE(ends_ == 0);
            switch (order.act) {
                case AttemptOrder::Act::nothing:
                    return;
                case AttemptOrder::Act::choose:
                    if (one_in(30)) return wait(attempts_.sent({}, now_ns_));  // no memory
                    order = one_in(6) ? attempts_.nobody_left() : attempts_.chosen();
                    break;
                case AttemptOrder::Act::send:
                    order = send(order);
                    break;
                case AttemptOrder::Act::tell_overdue:
                    REQUIRE(attempts_.is_open(order.attempt));
                    order = attempts_.time_came(now_ns_);
                    break;
                case AttemptOrder::Act::keep:
                    REQUIRE_FALSE(has_kept_);
                    if (one_in(10)) return;  // no memory: it goes on when its time comes
                    has_kept_ = true;
                    order = attempts_.kept();
                    break;
                case AttemptOrder::Act::wait:
                    return wait(order);
                case AttemptOrder::Act::deliver_kept:
                    REQUIRE(has_kept_);
                    [[fallthrough]];
                case AttemptOrder::Act::deliver:
                case AttemptOrder::Act::fail:
                    if (one_in(10)) {  // no memory: it is ordered again
                        answer_is_owed_ = true;
                        return;
                    }
                    ++ends_;
                    return attempts_.end();
            }
        }
    }

    AttemptOrder send(const AttemptOrder& order) {
        const AttemptNumber attempt = order.attempt;
        REQUIRE(attempts_.is_open(attempt));
        if (attempt == opened_) ++opened_;
        REQUIRE(attempt < opened_);
        REQUIRE_FALSE(closed_[attempt]);
        const AttemptManner manner = attempts_.manner(attempt, {one_in(5), one_in(5)});
        REQUIRE_FALSE((manner.takes_back_subnet && (took_back_ || !terms_.has_subnet)));
        took_back_ = took_back_ || manner.takes_back_subnet;
        REQUIRE(attempts_.has_subnet(attempt) == (terms_.has_subnet && !took_back_));
        if (terms_.came_by_stream) REQUIRE(manner.by_stream);
        if (one_in(6)) return attempts_.not_sent(attempt, any_failure());
        return attempts_.sent({(1 + draw(2000)) * ms, draw(300) * ms}, now_ns_);
    }

    void close(AttemptNumber attempt) {
        REQUIRE(attempt < opened_);
        REQUIRE_FALSE(attempts_.is_open(attempt));
        REQUIRE_FALSE(std::exchange(closed_[attempt], true));
    }

    void wait(const AttemptOrder& order) {
        REQUIRE(order.act == AttemptOrder::Act::wait);
        REQUIRE(order.until_ns <= std::max(terms_.deadline_ns, now_ns_));
        due_ns_ = order.until_ns;
    }

    std::mt19937 random_;
    RouteSettings settings_;
    AttemptTerms terms_;
    Attempts attempts_;
    std::uint64_t now_ns_ = story_start_ns;
    std::uint64_t last_ns_ = story_start_ns;
    std::uint64_t due_ns_ = story_start_ns;
    std::size_t orders_ = 0;
    int ends_ = 0;
    AttemptNumber opened_ = 0;
    bool closed_[max_attempts] = {};
    bool has_kept_ = false;
    bool took_back_ = false;
    bool answer_is_owed_ = false;
};

}  // namespace

TEST_CASE("whatever happens: one end, in time, and no order after it", "[attempts]") {
    for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
        CAPTURE(seed);
        Walk(seed).run();
    }
}

}  // namespace dproxy::routing
