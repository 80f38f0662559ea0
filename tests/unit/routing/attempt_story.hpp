// SPDX-License-Identifier: MIT
// One query, its attempts and a clock: orders are carried out as told beforehand, and written down in words.
#pragma once

#include <optional>
#include <string>

#include "catch.hpp"
#include "routing/attempts.hpp"

namespace dproxy::routing {

inline constexpr std::uint64_t ms = 1'000'000;
inline constexpr std::uint64_t story_start_ns = 1'000'000 * ms;

inline constexpr std::uint8_t opcode_query = 0;
inline constexpr std::uint8_t opcode_update = 5;

inline constexpr std::uint16_t noerror = 0, formerr = 1, servfail = 2, nxdomain = 3, notimp = 4, refused = 5;
using dns::rcode_badcookie;

/// Times are in milliseconds since the query came. Its route has three upstreams, two attempts and four seconds; an
/// upstream usually takes no more than half a second.
class Story {
public:
    RouteSettings settings;
    AttemptTerms terms{.settings = &settings, .upstreams = 3, .deadline_ns = story_start_ns + 4000 * ms};
    UpstreamHabits habits;
    UsualTime usual{500 * ms, 100 * ms};
    unsigned choices = 100;  ///< so often somebody is found
    /// Why the next message does not leave.
    std::optional<Attempts::Failure> unsent;
    Attempts attempts;

    Story() = default;
    Story(const Story&) = delete;
    Story& operator=(const Story&) = delete;

    std::string begin() {
        attempts = Attempts(terms);
        return carry_out(attempts.begin());
    }
    /// The clock is set, and time_came() where that is what was waited for.
    std::string at(std::uint64_t since_ms) {
        now_ns = story_start_ns + since_ms * ms;
        return carry_out(attempts.time_came(now_ns));
    }
    std::string reply(AttemptNumber attempt, std::uint16_t rcode = noerror, bool by_stream = false) {
        return carry_out(attempts.replied(attempt, rcode, by_stream));
    }
    std::string reply_cut(AttemptNumber attempt) { return carry_out(attempts.reply_cut(attempt)); }
    std::string fail(AttemptNumber attempt, bool by_stream = false,
                     Attempts::Failure why = Attempts::Failure::network) {
        return carry_out(attempts.failed(attempt, why, by_stream));
    }
    std::string doubt(AttemptNumber attempt) { return carry_out(attempts.doubted(attempt)); }
    std::string unheard(AttemptNumber attempt) { return carry_out(attempts.unheard(attempt)); }
    std::string cut_off(AttemptNumber attempt) { return carry_out(attempts.cut_off(attempt)); }
    std::string guess(AttemptNumber attempt) { return carry_out(attempts.guessed_at(attempt)); }
    std::string stream_free(AttemptNumber attempt) { return carry_out(attempts.stream_free(attempt)); }

    /// All orders that follow from this one, down to the first that waits for an event.
    std::string carry_out(AttemptOrder order) {
        std::string told;
        const auto say = [&](const std::string& words) { told += (told.empty() ? "" : ", ") + words; };
        for (int orders = 0;; ++orders) {
            REQUIRE(orders < 50);
            const std::string number = std::to_string(order.attempt);
            if (order.closed != no_attempt) say("close " + std::to_string(order.closed));
            if (order.note != AttemptOrder::Note::nothing) say(words_of(order.note));
            switch (order.act) {
                case AttemptOrder::Act::nothing:
                    return told.empty() ? "nothing" : told;
                case AttemptOrder::Act::choose:
                    if (choices > 0) {
                        --choices;
                        order = attempts.chosen();
                    } else {
                        say("nobody");
                        order = attempts.nobody_left();
                    }
                    break;
                case AttemptOrder::Act::send:
                    say(send(order));
                    if (const auto why = std::exchange(unsent, std::nullopt)) {
                        order = attempts.not_sent(order.attempt, *why);
                    } else {
                        order = attempts.sent(usual, now_ns);
                    }
                    break;
                case AttemptOrder::Act::tell_overdue:
                    say("overdue " + number);
                    order = attempts.time_came(now_ns);
                    break;
                case AttemptOrder::Act::keep:
                    say("keep");
                    order = attempts.kept();
                    break;
                case AttemptOrder::Act::wait:
                    say("wait until " + std::to_string((order.until_ns - story_start_ns) / ms));
                    return told;
                case AttemptOrder::Act::deliver:
                    say("deliver");
                    end();
                    return told;
                case AttemptOrder::Act::deliver_kept:
                    say("deliver what was kept");
                    end();
                    return told;
                case AttemptOrder::Act::fail:
                    say(attempts.error() == dns::ExtendedError::network_error ? "fail by network" : "fail");
                    end();
                    return told;
            }
        }
    }

    std::uint64_t now_ns = story_start_ns;
    bool answers_are_taken = true;  ///< else there is no memory for them

private:
    void end() {
        if (answers_are_taken) attempts.end();
    }
    static std::string words_of(AttemptOrder::Note note) {
        switch (note) {
            case AttemptOrder::Note::failed:
                return "count a failure";
            case AttemptOrder::Note::insists_on_cookies:
                return "note: cookies";
            case AttemptOrder::Note::refuses_subnet:
                return "note: no subnet";
            case AttemptOrder::Note::nothing:
                break;
        }
        return {};
    }
    std::string send(const AttemptOrder& order) {
        const AttemptManner manner = attempts.manner(order.attempt, habits);
        std::string told = std::string("send ") + std::to_string(order.attempt);
        switch (order.reason) {
            case AttemptOrder::Reason::first:
                break;
            case AttemptOrder::Reason::retry:
                told += " as retry";
                break;
            case AttemptOrder::Reason::hedge:
                told += " as hedge";
                break;
            case AttemptOrder::Reason::moved:
                told += " uncounted";
                break;
        }
        if (manner.by_stream) told += " by stream";
        if (manner.takes_back_subnet) told += " without subnet from now on";
        if (attempts.has_subnet(order.attempt)) told += " with subnet";
        if (order.avoid != no_attempt) told += " avoiding " + std::to_string(order.avoid);
        return told;
    }
};

}  // namespace dproxy::routing
