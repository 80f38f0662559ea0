// SPDX-License-Identifier: MIT
// The search for loops through other servers: what is asked when, and what it means when a probe
// comes back as a query. Events and times come in, probes to send and marks come out: no sockets, no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "routing/loop_marks.hpp"

namespace dproxy::routing {

/// One owner, one thread. Times are of one monotonic clock, in nanoseconds.
class LoopSearch {
public:
    static constexpr std::uint64_t patience_ns = 2'000'000'000;  ///< for a probe to come back
    /// A reply and the query that came back may overtake each other.
    static constexpr std::uint64_t grace_ns = 250'000'000;
    static constexpr unsigned probes_until_silent = 2;  ///< with no reply: a datagram may have been lost
    static constexpr std::uint64_t spread_ns = 2'500'000;  ///< between the first probes of routes that appear together
    /// New routes are asked a second time, as a Service sends nothing to a pod that is not ready yet. One that
    /// was silent is asked later and later.
    static constexpr std::uint64_t second_look_ns = 30'000'000'000;
    static constexpr std::uint64_t longest_gap_ns = 900'000'000'000;
    static constexpr std::uint64_t recheck_ns = 10'000'000'000;  ///< of what is marked,
    static constexpr std::uint64_t recheck_spread_ns = 10'000'000;  ///< or this for each mark, where there are many
    static constexpr std::uint64_t cleared_ns = 30'000'000'000;  ///< a suspicion that was wrong is not looked at again
    static constexpr std::size_t max_expected = 16384;   ///< places of routes that wait to be asked
    static constexpr std::size_t max_suspicions = 64;    ///< under way at a time
    static constexpr std::size_t max_cleared = 1024;
    /// As many as patterns are asked about. When all are taken, the oldest that is not of a whole pattern makes room:
    /// such can be had in any number by who holds one domain.
    static constexpr std::size_t max_marks = 4096;

    using CheckId = std::uint64_t;

    /// What happened to a mark.
    struct News {
        enum class What : std::uint8_t { found, ended, widened, made_room, route_gone };
        What what = What::found;
        LoopMark mark;
    };

    /// A route appeared. False: too many wait already.
    bool expect(LoopPlace place, std::uint64_t now_ns);
    /// The other patterns of a section of which one proved to be a loop at run time: they are asked as if they had
    /// appeared now, but for those that are known or asked already.
    void expect_others(std::vector<LoopPlace> places, std::uint64_t now_ns);
    /// Many queries in flight ask for the place's domain by its route.
    void suspect(LoopPlace place, std::uint64_t now_ns);

    /// What is to be asked at this moment; to be called until there is nothing. The caller sends a probe through
    /// each upstream of the place's route, or only through the one that asked_through() names, and says how many by
    /// asked(). Each probe has a name of its own that counts once; what was asked before counts no more.
    std::optional<CheckId> next(std::uint64_t now_ns);
    /// When next() is to be called; nothing when that is never.
    std::optional<std::uint64_t> next_ns() const;
    /// Null: the check has ended.
    const LoopPlace* place_of(CheckId id) const;

    /// The upstream that sent one probe back already; empty where none did. One that came back may have been sent by
    /// anybody who saw it on its way. That a fresh one does as well, by the same upstream, shows a loop, or somebody
    /// who sees all of them, as he does who holds the names below the domain.
    const std::string& asked_through(CheckId id) const { return checks_.at(id).upstream; }

    void asked(CheckId id, unsigned probes, std::uint64_t now_ns);
    /// There was no room for it now.
    void postpone(CheckId id, std::uint64_t until_ns);
    /// One of the check's probes had a reply.
    void answered(CheckId id, std::uint64_t now_ns);
    /// One came back as a query.
    void returned(CheckId id, std::string upstream, std::uint64_t now_ns);

    /// Nothing is marked and nothing will be asked.
    bool idle() const { return checks_.empty() && marks_.empty(); }
    /// What concerns routes that are gone ends.
    void retain(const std::function<bool(const LoopPlace&)>& is_there);

    /// The marks in force changed since the last call.
    bool take_changed() { return std::exchange(changed_, false); }
    std::vector<LoopMark> marks() const;
    std::vector<News> take_news() { return std::exchange(news_, {}); }
    /// Where suspicions proved to be right since the last call.
    std::vector<LoopPlace> take_confirmed() { return std::exchange(confirmed_, {}); }
    /// Suspicions and finds that were left out because of the limits.
    std::uint64_t left_out() const { return left_out_; }

private:
    enum class Kind : std::uint8_t { appeared, suspicion, climb, recheck };
    using MarkId = std::uint64_t;
    struct Check {
        LoopPlace place;
        Kind kind = Kind::appeared;
        MarkId mark = 0;  ///< of climb and recheck
        std::string upstream;  ///< that sent a probe back, and shall do so again
        bool is_asked = false;
        bool nobody = false;      ///< there was no upstream to ask
        unsigned probes = 0;      ///< sent, in a row with no reply to any
        unsigned unanswered = 0;  ///< of those that were sent last
        unsigned rounds = 0;
        std::uint64_t sent_ns = 0;
        std::uint64_t due_ns = 0;  ///< to be asked, or judged
    };

    CheckId add(Check check, std::uint64_t due_ns);
    void schedule(CheckId id, Check& check, std::uint64_t due_ns);
    void end(CheckId id);
    /// Its time is over and nothing came back.
    void judge(CheckId id, std::uint64_t now_ns);
    void judge_appeared(CheckId id, Check& check, bool silent, std::uint64_t now_ns);
    void mark(LoopPlace place, std::string upstream, std::uint64_t now_ns);
    bool make_room_for_mark();
    /// A mark has its place, or a wider one: what lies within goes, and its parent is asked.
    void climb(MarkId id, std::uint64_t now_ns);
    void settle(MarkId id, std::uint64_t now_ns);
    std::uint64_t recheck_gap_ns() const;
    void end_mark(MarkId id, News::What what);
    void clear(const LoopPlace& place, std::uint64_t now_ns);
    bool is_known(const LoopPlace& place, std::uint64_t now_ns) const;
    bool is_marked(const LoopPlace& place) const;

    std::map<CheckId, Check> checks_;
    std::set<std::pair<std::uint64_t, CheckId>> agenda_;  ///< of each check, when it is due
    std::map<MarkId, LoopMark> marks_;
    std::set<MarkId> settled_;  ///< those that were told of
    std::map<std::uint64_t, std::uint64_t> cleared_;  ///< hash of a place, and until when
    std::uint64_t next_id_ = 1;
    std::uint64_t last_expected_ns_ = 0;
    std::size_t expected_ = 0;
    std::size_t suspicions_ = 0;
    std::uint64_t left_out_ = 0;
    bool changed_ = false;
    std::vector<News> news_;
    std::vector<LoopPlace> confirmed_;
};

}  // namespace dproxy::routing
