// SPDX-License-Identifier: MIT
// What proves that an upstream is down, and what does not.
#include "unit/routing/health_watch.hpp"

using namespace dproxy::routing;

TEST_CASE("probes that were never answered prove nothing", "[health]") {
    Watch watch;
    for (int i = 0; i < 1000; ++i) watch.lose_probe();
    CHECK(watch.judgement.up());
    CHECK_FALSE(watch.judgement.probes_tell());
    watch.answer_probe();
    CHECK(watch.judgement.probes_tell());
    for (int i = 0; i < 3; ++i) watch.lose_probe();
    CHECK(watch.judgement.down_by_probes());
}

TEST_CASE("a network that says that nobody is there is believed without a probe that was answered", "[health]") {
    Watch watch;
    for (int i = 0; i < 3; ++i) watch.lose_probe(never, no_jitter, ProbeEnd::refused);
    CHECK(watch.judgement.down_by_probes());
    CHECK(watch.judgement.probes_tell());
    watch.lose_probe();  // somebody listens there now, who answers no probe: only a query would find out
    CHECK_FALSE(watch.judgement.probes_tell());
    watch.answer_probe();
    CHECK(watch.judgement.up());
}

TEST_CASE("probes that bring nothing while queries are answered tell nothing, until one is answered", "[health]") {
    Watch watch;
    watch.answer_probe();
    for (int i = 0; i < 3; ++i) watch.lose_probe(watch.now + 3 * second);
    CHECK_FALSE(watch.judgement.probes_tell());
    for (int i = 0; i < 50; ++i) {
        watch.lose_probe();
        watch.lose_probe(never, no_jitter, ProbeEnd::refused);
    }
    CHECK(watch.judgement.up());
    watch.answer_probe();
    CHECK(watch.judgement.probes_tell());
    watch.go_down();
}

TEST_CASE("who is brought up by a query while probes bring nothing is not taken down by them again", "[health]") {
    Watch watch;
    watch.go_down();
    watch.now += second;
    watch.look(watch.now, 0);
    CHECK(watch.judgement.up());
    CHECK(watch.judgement.next_probe_ns() <= watch.now);  // soon: perhaps they are answered again
    for (int i = 0; i < 100; ++i) watch.lose_probe();
    CHECK(watch.judgement.up());
    watch.answer_probe();
    for (int i = 0; i < 3; ++i) watch.lose_probe();
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("time-outs of queries take nothing down, however many, where probes are answered", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.look(never, 1'000'000, true);
    CHECK(watch.judgement.up());
}

TEST_CASE("where probes bring nothing, five time-outs of queries with no message between take down", "[health]") {
    Watch watch;
    watch.look(never, 1000);
    CHECK(watch.judgement.up());  // no probe has ended yet: perhaps they tell
    watch.lose_probe();
    watch.look(never, HealthJudgement::timeouts_to_down - 1);
    CHECK(watch.judgement.up());
    watch.look(never, HealthJudgement::timeouts_to_down);
    CHECK_FALSE(watch.judgement.up());
    CHECK_FALSE(watch.judgement.down_by_probes());
    watch.answer_probe();
    CHECK(watch.judgement.up());
}

TEST_CASE("each time that time-outs were a mistake, twice as many are needed", "[health]") {
    Watch watch(Health::passive);
    std::uint32_t needed = HealthJudgement::timeouts_to_down;
    for (unsigned mistakes = 0; mistakes < 10; ++mistakes) {
        watch.look(never, needed - 1);
        REQUIRE(watch.judgement.up());
        watch.look(never, needed);
        REQUIRE_FALSE(watch.judgement.up());
        watch.now += second;
        watch.look(watch.now, 0);
        REQUIRE(watch.judgement.up());
        if (mistakes < HealthJudgement::most_doubt) needed *= 2;
    }
    watch.look(never, needed);
    watch.now += HealthJudgement::short_outage_ns;  // no mistake
    watch.look(watch.now, 0);
    watch.look(never, HealthJudgement::timeouts_to_down);
    CHECK_FALSE(watch.judgement.up());
}

TEST_CASE("other questions begin anew", "[health]") {
    Watch watch;
    watch.answer_probe();
    watch.lose_probe();
    watch.lose_probe();
    watch.judgement.begin_anew(watch.now);
    CHECK(watch.judgement.probe_due(watch.now));
    for (int i = 0; i < 10; ++i) watch.lose_probe();
    CHECK(watch.judgement.up());

    Watch down;
    down.go_down();
    down.judgement.begin_anew(down.now);
    CHECK_FALSE(down.judgement.up());
    down.answer_probe();
    CHECK(down.judgement.up());
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
