// SPDX-License-Identifier: MIT
#include "unit/routing/health_watch.hpp"

using namespace dproxy::routing;

TEST_CASE("an upstream is up until it is known to be down", "[health]") {
    for (const Health mode : {Health::on, Health::passive, Health::off}) CHECK(HealthJudgement(mode, start).up());
}

TEST_CASE("the first probe is due when it was asked for, and four are under way at the most", "[health]") {
    Watch watch;
    CHECK_FALSE(watch.judgement.probe_due(start - 1));
    CHECK(watch.judgement.probe_due(start));
    for (std::size_t i = 0; i < HealthJudgement::max_under_way; ++i) watch.send();
    CHECK(watch.judgement.probes_under_way() == HealthJudgement::max_under_way);
    CHECK_FALSE(watch.judgement.probe_due(start + 60 * second));
    watch.judgement.probe_withdrawn(start);
    CHECK(watch.judgement.probe_due(start + 60 * second));
}

TEST_CASE("an upstream that answers is probed every two seconds", "[health]") {
    Watch watch;
    for (std::uint64_t i = 0; i < 10; ++i) {
        CHECK(watch.judgement.next_probe_ns() == start + i * 2 * second);
        watch.answer_probe();
    }
    CHECK(watch.judgement.up());
    CHECK(watch.judgement.probes_tell());
}

TEST_CASE("three failures in a row take it down, six seconds after the first of them was sent", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
    watch.lose_probe();
    CHECK_FALSE(watch.judgement.up());
    CHECK(watch.now == start + 8 * second);
}

TEST_CASE("an answer in between begins the row anew", "[health]") {
    Watch watch;
    for (int i = 0; i < 5; ++i) {
        watch.answer_probe();
        watch.lose_probe();
        watch.lose_probe();
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
    watch.judgement.probe_failed(start, ProbeEnd::refused, never, start + ms);
    CHECK(watch.judgement.next_probe_ns() == start + 2 * second);
}

TEST_CASE("a failed probe counts for nothing where a worker heard the upstream since", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.lose_probe();
    watch.lose_probe();
    watch.lose_probe(watch.now + second);
    watch.lose_probe(watch.now + second);
    CHECK(watch.judgement.up());
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
    watch.lose_probe();
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("a message between two failed probes ends their row", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.lose_probe();
    watch.lose_probe();
    const std::uint64_t heard_ns = watch.now + ms;
    watch.now += 2 * ms;
    watch.look(heard_ns, 0);
    watch.lose_probe(heard_ns);
    CHECK(watch.judgement.up());
    watch.lose_probe(heard_ns);
    CHECK(watch.judgement.up());
    watch.lose_probe(heard_ns);
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("a suspicion brings the next probe forward, at most each 500 ms", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.look(never, 1, true);
    CHECK(watch.judgement.next_probe_ns() == start + 500 * ms);

    Watch late;
    late.answer_probe();
    late.now = start + second;
    late.look(never, 1, true);
    CHECK(late.judgement.next_probe_ns() == start + second);
}

TEST_CASE("a suspicion lasts until a message comes", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.look(never, 1, true);
    watch.now = start + 500 * ms;
    watch.send();
    watch.look(never, 1, false);
    CHECK(watch.judgement.next_probe_ns() == start + 1000 * ms);

    watch.now = start + 600 * ms;
    watch.look(watch.now, 0, false);
    watch.now = start + 1000 * ms;
    watch.send();
    CHECK(watch.judgement.next_probe_ns() == start + 3000 * ms);
}

TEST_CASE("what stops under traffic is down within three seconds, and within six where nobody asks", "[health]") {
    for (const std::uint64_t age_ns : {10 * ms, 500 * ms, second, 1900 * ms}) {  // of the last probe
        Watch watch;
        watch.answer_probe();
        watch.now = start + age_ns;
        watch.pass(2650 * ms, true);
        CHECK_FALSE(watch.judgement.up());
        CHECK(watch.judgement.down_by_probes());
    }
    Watch quiet;
    quiet.answer_probe();
    quiet.pass(6 * second);
    CHECK(quiet.judgement.up());
    quiet.pass(2200 * ms);
    CHECK_FALSE(quiet.judgement.up());
}

TEST_CASE("who is slow, but answers within two seconds, stays up", "[health]") {
    Watch watch;
    watch.answer_probe();
    std::vector<std::uint64_t> waiting;
    for (watch.now = start + 50 * ms; watch.now < start + 60 * second; watch.now += 50 * ms) {
        watch.look(never, 1, true);
        while (!waiting.empty() && watch.now - waiting.front() >= 1900 * ms) {
            watch.judgement.probe_answered(waiting.front(), watch.now);
            waiting.erase(waiting.begin());
        }
        if (!watch.judgement.probe_due(watch.now)) continue;
        watch.judgement.probe_sent(watch.now, no_jitter);
        waiting.push_back(watch.now);
    }
    CHECK(watch.judgement.up());
}

TEST_CASE("of probes that overlap one answer is enough", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.look(never, 1, true);
    const std::uint64_t first = watch.send();
    const std::uint64_t second_one = watch.send();
    const std::uint64_t third = watch.send();
    watch.judgement.probe_answered(third, watch.now + ms);
    for (const std::uint64_t lost : {first, second_one}) {
        watch.judgement.probe_failed(lost, ProbeEnd::silence, never, lost + 2 * second);
    }
    watch.now += 2 * second;
    watch.lose_probe();
    watch.lose_probe();
    CHECK(watch.judgement.up());
}

TEST_CASE("a suspicion while down, or where probes tell nothing, brings nothing forward", "[health]") {
    Watch watch;
    watch.go_down();
    const std::uint64_t next_ns = watch.judgement.next_probe_ns();
    watch.look(never, 1, true);
    CHECK(watch.judgement.next_probe_ns() == next_ns);

    Watch silent;
    silent.lose_probe();
    const std::uint64_t sent_ns = silent.send();
    silent.look(never, 1, true);
    CHECK(silent.judgement.next_probe_ns() == sent_ns + 2 * second);
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

TEST_CASE("while down the probes go on for ever, less than three seconds apart", "[health]") {
    for (const std::uint32_t random : {no_jitter, 0x80000000, most_jitter}) {
        Watch watch;
        watch.go_down();
        watch.lose_probe(never, random);
        std::uint64_t sent_ns = watch.now - HealthJudgement::probe_timeout_ns;
        for (int i = 0; i < 10'000; ++i) {
            watch.lose_probe(never, random);
            const std::uint64_t gap_ns = watch.now - HealthJudgement::probe_timeout_ns - sent_ns;
            sent_ns += gap_ns;
            REQUIRE(gap_ns >= HealthJudgement::interval_ns);
            REQUIRE(gap_ns <= HealthJudgement::down_interval_ns);
        }
        CHECK_FALSE(watch.judgement.up());
    }
    CHECK(HealthJudgement::down_interval_ns + 100 * ms < 3 * second);
}

TEST_CASE("jitter parts those that went down together", "[health]") {
    Watch one, other;
    one.go_down();
    other.go_down();
    one.lose_probe(never, no_jitter);
    other.lose_probe(never, most_jitter);
    CHECK(one.judgement.next_probe_ns() > other.judgement.next_probe_ns() + 450 * ms);
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
