// SPDX-License-Identifier: MIT
#include "upstreams/signs_of_life.hpp"

#include "catch.hpp"
#include "dns/message.hpp"
#include "io/monotonic.hpp"
#include "upstreams/limits.hpp"

using namespace dproxy;
using namespace dproxy::proxy;
using io::second_ns;

namespace {

constexpr std::uint16_t a = 1;
constexpr std::uint16_t txt = 16;

struct Trial {
    UpstreamSpec spec;
    SignsOfLife signs{spec};
    std::uint64_t now_ns = 1000 * second_ns;
    const net::Address client = *net::Address::parse("192.0.2.1");

    Trial() {
        spec.health = std::make_shared<UpstreamHealth>();
        spec.health_mode = routing::Health::on;
    }
    UpstreamHealth& health() { return *spec.health; }
    /// An attempt that was sent and ran out of time.
    bool overdue(std::uint16_t type = a) {
        signs.asked(now_ns);
        now_ns += second_ns / 10;
        return signs.overdue(type, now_ns);
    }
};

}  // namespace

TEST_CASE("that it lives is told to all now and then, and takes time-outs back", "[signs_of_life]") {
    Trial trial;
    trial.health().timeouts = 3;
    trial.signs.heard(trial.now_ns);
    CHECK(trial.health().heard_ns == trial.now_ns);
    CHECK(trial.health().timeouts == 0);
    const std::uint64_t told_ns = trial.now_ns;
    trial.now_ns += UpstreamHealth::report_interval_ns - 1;
    trial.signs.heard(trial.now_ns);
    CHECK(trial.health().heard_ns == told_ns);
    CHECK(trial.signs.last_ns() == trial.now_ns);
    CHECK(trial.signs.heard_since(trial.now_ns));
    CHECK_FALSE(trial.signs.heard_since(trial.now_ns + 1));
}

TEST_CASE("the second attempt in vain says that the way may be gone, whatever was asked", "[signs_of_life]") {
    Trial trial;
    trial.signs.answered(a);
    CHECK_FALSE(trial.overdue(txt));
    CHECK(trial.overdue(txt));
    trial.signs.heard(trial.now_ns);
    CHECK_FALSE(trial.overdue(a));
}

TEST_CASE("silence to a type says nothing where only others were ever answered", "[signs_of_life]") {
    Trial trial;
    trial.overdue(txt);
    CHECK(trial.health().suspected);  // nothing was answered yet
    trial.health().suspected = false;
    trial.signs.answered(a);
    CHECK(trial.health().answered_types == type_bit(a));
    trial.overdue(txt);
    CHECK_FALSE(trial.health().suspected);
    trial.overdue(a);
    CHECK(trial.health().suspected);
}

TEST_CASE("a query without an answer counts only after silence that lasts", "[signs_of_life]") {
    Trial trial;
    trial.signs.asked(trial.now_ns);
    trial.signs.unanswered(a, trial.now_ns + passive_patience_ns - 1);
    CHECK(trial.health().timeouts == 0);
    trial.signs.asked(trial.now_ns + 1);  // the first since a message came is what counts
    trial.signs.unanswered(a, trial.now_ns + passive_patience_ns);
    trial.signs.refused(a, trial.now_ns + passive_patience_ns);
    CHECK(trial.health().timeouts == 2);
    trial.signs.heard(trial.now_ns + passive_patience_ns);
    trial.signs.unanswered(a, trial.now_ns + 2 * passive_patience_ns);  // nothing was asked since
    CHECK(trial.health().timeouts == 0);
}

TEST_CASE("it is silent after several in a row, until a probe or a message comes", "[signs_of_life]") {
    Trial trial;
    for (std::uint32_t i = 0; i < overdue_to_silent; ++i) {
        CHECK_FALSE(trial.signs.is_silent());
        trial.overdue();
    }
    CHECK(trial.signs.is_silent());
    trial.health().probed_ns = trial.now_ns + 1;
    CHECK_FALSE(trial.signs.is_silent());
    trial.now_ns += second_ns;
    trial.overdue();  // it answers probes, and no queries
    CHECK(trial.signs.is_silent());
    trial.signs.heard(trial.now_ns);
    CHECK_FALSE(trial.signs.is_silent());
}

TEST_CASE("with health off nothing is silent", "[signs_of_life]") {
    Trial trial;
    trial.spec.health_mode = routing::Health::off;  // as a reload says: the spec is the upstream's
    for (std::uint32_t i = 0; i < 2 * overdue_to_silent; ++i) trial.overdue();
    CHECK_FALSE(trial.signs.is_silent());
}

TEST_CASE("a message since it went down shows that it is back", "[signs_of_life]") {
    Trial trial;
    CHECK(trial.signs.is_up());
    trial.health().up = false;
    trial.health().changed_ns = trial.now_ns;
    CHECK_FALSE(trial.signs.is_up());
    trial.signs.heard(trial.now_ns + 1);
    CHECK(trial.signs.is_up());
}

TEST_CASE("a query is risked now and then, and beside others only where no probe tells", "[signs_of_life]") {
    Trial trial;
    trial.health().down_by_probes = true;
    CHECK(trial.signs.may_risk(trial.client, trial.now_ns));
    CHECK(trial.signs.may_risk_beside_others(trial.client, trial.now_ns));
    trial.signs.note_risk(trial.client, trial.now_ns);
    CHECK_FALSE(trial.signs.may_risk(trial.client, trial.now_ns));
    CHECK_FALSE(trial.signs.may_risk_beside_others(trial.client, trial.now_ns));
    trial.now_ns += 60 * second_ns;
    CHECK(trial.signs.may_risk(trial.client, trial.now_ns));
    CHECK(trial.signs.may_risk_beside_others(trial.client, trial.now_ns));
    trial.health().probes_tell = true;
    CHECK_FALSE(trial.signs.may_risk_beside_others(trial.client, trial.now_ns));
}
