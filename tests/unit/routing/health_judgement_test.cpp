// SPDX-License-Identifier: MIT
#include "routing/health_judgement.hpp"

#include <algorithm>

#include "catch.hpp"

using dproxy::routing::Health;
using dproxy::routing::HealthJudgement;
using dproxy::routing::Sightings;

namespace {

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t second = 1000 * ms;
constexpr std::uint64_t never = 0;
constexpr std::uint64_t start = 1000 * second;
constexpr std::uint32_t no_jitter = 0;
constexpr std::uint32_t most_jitter = 0xffffffff;

/// One upstream and a clock.
struct Watch {
    explicit Watch(Health mode = Health::on) : judgement(mode, start) {}

    /// Sends the next probe when it is due, and has it run out of time.
    void lose_probe(std::uint64_t heard_ns = never, std::uint32_t random = no_jitter) {
        send();
        now += HealthJudgement::probe_timeout_ns;
        judgement.probe_failed(now, heard_ns, random);
    }
    void send() {
        now = std::max(now, judgement.next_probe_ns());
        REQUIRE(judgement.probe_due(now));
        judgement.probe_sent(now);
    }
    void answer_probe() {
        send();
        now += ms;
        judgement.probe_answered(now);
    }
    void go_down() {
        for (unsigned i = 0; i < HealthJudgement::failures_to_down; ++i) lose_probe();
        REQUIRE_FALSE(judgement.up());
    }

    std::uint64_t now = start;
    HealthJudgement judgement;
};

}  // namespace

TEST_CASE("an upstream is up until it is known to be down", "[health]") {
    for (const Health mode : {Health::on, Health::passive, Health::off}) CHECK(HealthJudgement(mode, start).up());
}

TEST_CASE("the first probe is due when it was asked for, and none while one is under way", "[health]") {
    Watch watch;
    CHECK_FALSE(watch.judgement.probe_due(start - 1));
    CHECK(watch.judgement.probe_due(start));
    watch.send();
    CHECK(watch.judgement.probe_under_way());
    CHECK_FALSE(watch.judgement.probe_due(start + 60 * second));
    watch.judgement.probe_withdrawn();
    CHECK(watch.judgement.probe_due(start + 60 * second));
}

TEST_CASE("an upstream that answers is probed every two seconds", "[health]") {
    Watch watch;
    for (std::uint64_t i = 0; i < 10; ++i) {
        CHECK(watch.judgement.next_probe_ns() == start + i * 2 * second);
        watch.answer_probe();
    }
    CHECK(watch.judgement.up());
}

TEST_CASE("three failures in a row take it down, six seconds after the first of them was sent", "[health]") {
    Watch watch;
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
    watch.lose_probe();
    CHECK_FALSE(watch.judgement.up());
    CHECK(watch.now == start + 6 * second);
}

TEST_CASE("an answer in between begins the row anew", "[health]") {
    Watch watch;
    for (int i = 0; i < 5; ++i) {
        watch.lose_probe();
        watch.lose_probe();
        watch.answer_probe();
    }
    CHECK(watch.judgement.up());
}

TEST_CASE("one answer brings it up again", "[health]") {
    Watch watch;
    watch.go_down();
    watch.answer_probe();
    CHECK(watch.judgement.up());
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
}

TEST_CASE("a probe that fails at once is followed by the next after the interval", "[health]") {
    Watch watch;
    watch.send();
    watch.judgement.probe_failed(start + ms, never, no_jitter);
    CHECK(watch.judgement.next_probe_ns() == start + 2 * second);
}

TEST_CASE("a failed probe counts for nothing where a worker heard the upstream since", "[health]") {
    Watch watch;
    watch.lose_probe();
    watch.lose_probe();
    for (int i = 0; i < 10; ++i) watch.lose_probe(watch.now + second);
    CHECK(watch.judgement.up());
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
    watch.lose_probe();
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("a message between two failed probes ends their row", "[health]") {
    Watch watch;
    watch.lose_probe();
    watch.lose_probe();
    const std::uint64_t heard_ns = watch.now + ms;
    watch.judgement.look({heard_ns, 0, false}, heard_ns);
    watch.now += 2 * ms;
    watch.lose_probe(heard_ns);
    CHECK(watch.judgement.up());
    watch.lose_probe(heard_ns);
    CHECK(watch.judgement.up());
    watch.lose_probe(heard_ns);
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("what was heard before the probes helps nothing", "[health]") {
    Watch watch;
    for (int i = 0; i < 3; ++i) watch.lose_probe(start - 1);
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("time-outs of queries take nothing down, however many, where there are probes", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.judgement.look({never, 1'000'000, true}, watch.now);
    CHECK(watch.judgement.up());
}

TEST_CASE("a suspicion brings the next probe forward, at most each 250 ms", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.judgement.look({never, 1, true}, watch.now);
    CHECK(watch.judgement.next_probe_ns() == start + 250 * ms);
    watch.judgement.look({never, 1, true}, start + 600 * ms);
    CHECK(watch.judgement.next_probe_ns() == start + 250 * ms);
    CHECK(watch.judgement.probe_due(start + 600 * ms));

    Watch late;
    late.answer_probe();
    late.judgement.look({never, 1, true}, start + second);
    CHECK(late.judgement.next_probe_ns() == start + second);
}

TEST_CASE("a suspicion while down brings nothing forward", "[health]") {
    Watch watch;
    watch.go_down();
    const std::uint64_t next_ns = watch.judgement.next_probe_ns();
    watch.judgement.look({never, 1, true}, watch.now);
    CHECK(watch.judgement.next_probe_ns() == next_ns);
}

TEST_CASE("a message to a worker brings up what is down", "[health]") {
    Watch watch;
    watch.go_down();
    watch.judgement.look({watch.now, 0, false}, watch.now + ms);
    CHECK_FALSE(watch.judgement.up());  // not after it went down
    watch.judgement.look({watch.now + ms, 0, false}, watch.now + 2 * ms);
    CHECK(watch.judgement.up());
    CHECK(watch.judgement.next_probe_ns() <= watch.now + 2 * second);
}

TEST_CASE("while down the probes go apart, never more than five seconds, for ever", "[health]") {
    for (const std::uint32_t random : {no_jitter, 0x80000000, most_jitter}) {
        Watch watch;
        watch.go_down();
        std::uint64_t sent_ns = watch.judgement.probe_sent_ns();
        std::uint64_t longest_ns = 0;
        for (int i = 0; i < 10'000; ++i) {
            watch.lose_probe(never, random);
            const std::uint64_t gap_ns = watch.judgement.probe_sent_ns() - sent_ns;
            sent_ns = watch.judgement.probe_sent_ns();
            REQUIRE(gap_ns >= HealthJudgement::interval_ns);
            longest_ns = std::max(longest_ns, gap_ns);
        }
        CHECK(longest_ns <= HealthJudgement::longest_gap_ns);
        CHECK(longest_ns >= HealthJudgement::longest_gap_ns * 4 / 5 - 1);
        CHECK_FALSE(watch.judgement.up());
    }
    CHECK(HealthJudgement::longest_gap_ns < 5 * second);
}

TEST_CASE("jitter parts those that went down together", "[health]") {
    Watch one, other;
    for (int i = 0; i < 3; ++i) one.lose_probe(never, no_jitter);
    for (int i = 0; i < 3; ++i) other.lose_probe(never, most_jitter);
    CHECK(one.judgement.next_probe_ns() > other.judgement.next_probe_ns() + 500 * ms);
}

TEST_CASE("passive: no probes, down after time-outs with no message between, up as soon as one comes", "[health]") {
    Watch watch(Health::passive);
    CHECK_FALSE(watch.judgement.probe_due(start + 60 * second));
    watch.judgement.look({start, HealthJudgement::timeouts_to_down - 1, true}, start + second);
    CHECK(watch.judgement.up());
    watch.judgement.look({start, HealthJudgement::timeouts_to_down, true}, start + 2 * second);
    CHECK_FALSE(watch.judgement.up());
    watch.judgement.look({start, 0, false}, start + 60 * second);
    CHECK_FALSE(watch.judgement.up());
    CHECK_FALSE(watch.judgement.probe_due(start + 60 * second));
    watch.judgement.look({start + 61 * second, 0, false}, start + 61 * second);
    CHECK(watch.judgement.up());
}

TEST_CASE("off: no probes, and always up", "[health]") {
    Watch watch(Health::off);
    watch.judgement.look({never, 1000, true}, start + second);
    CHECK(watch.judgement.up());
    CHECK_FALSE(watch.judgement.probe_due(start + 60 * second));
}

TEST_CASE("another mode keeps the judgement, but for off", "[health]") {
    Watch watch;
    watch.go_down();
    watch.judgement.set_mode(Health::on, watch.now);
    CHECK_FALSE(watch.judgement.up());
    watch.judgement.set_mode(Health::passive, watch.now);
    CHECK_FALSE(watch.judgement.up());
    CHECK_FALSE(watch.judgement.probe_due(watch.now + 60 * second));
    watch.judgement.set_mode(Health::on, watch.now);
    CHECK_FALSE(watch.judgement.up());
    CHECK(watch.judgement.probe_due(watch.now));
    watch.judgement.set_mode(Health::off, watch.now);
    CHECK(watch.judgement.up());
    CHECK_FALSE(watch.judgement.probe_due(watch.now + 60 * second));
}
