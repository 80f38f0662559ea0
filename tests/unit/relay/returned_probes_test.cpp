// SPDX-License-Identifier: MIT
#include "relay/returned_probes.hpp"

#include <vector>

#include "catch.hpp"
#include "queries/limits.hpp"
#include "relay/limits.hpp"

namespace dproxy::proxy {

namespace {

constexpr std::uint64_t start_ns = 1000 * second_ns;

struct Trial final : LoopReports {
    routing::LoopToken token{{1, 2, 3}};
    ReturnedProbes probes{token, *this};
    std::vector<std::uint64_t> told;
    net::Address last_peer;
    const net::Address peer = *net::Address::parse("192.0.2.1");
    const dns::Name domain;

    bool take(std::uint64_t number, std::uint64_t now_ns = start_ns) {
        return probes.take(token.probe_name(number, domain.wire()).wire(), peer, now_ns);
    }
    static std::uint64_t number(std::uint32_t random, std::uint64_t sent_ns = start_ns) {
        return routing::LoopToken::number_of_probe(sent_ns, random);
    }

    void loop_probe_returned(std::uint64_t number, const net::Address& from) override {
        told.push_back(number);
        last_peer = from;
    }
    void loop_suspected(routing::LoopPlace) override { FAIL("nothing is suspected"); }
    void replies_guessed(const net::Endpoint&) override { FAIL("nobody guesses"); }
    void encryption_failed(std::uint64_t, std::string) override { FAIL("nothing is encrypted"); }
};

}  // namespace

TEST_CASE("a probe that came back is told of, with whom it came from", "[returned_probes]") {
    Trial trial;
    const std::uint64_t number = Trial::number(7);
    CHECK(trial.take(number));
    CHECK(trial.told == std::vector{number});
    CHECK(trial.last_peer == trial.peer);
}

TEST_CASE("any other name is none of ours", "[returned_probes]") {
    Trial trial;
    CHECK_FALSE(trial.probes.take(trial.domain.wire(), trial.peer, start_ns));
    const auto of_another = routing::LoopToken({9}).probe_name(Trial::number(7), trial.domain.wire());
    CHECK_FALSE(trial.probes.take(of_another.wire(), trial.peer, start_ns));
    CHECK(trial.told.empty());
}

TEST_CASE("one that is sent again and again is told of once", "[returned_probes]") {
    Trial trial;
    for (int i = 0; i < 5; ++i) CHECK(trial.take(Trial::number(7)));
    CHECK(trial.told.size() == 1);
}

TEST_CASE("one that was kept for later is ours, and says nothing", "[returned_probes]") {
    Trial trial;
    CHECK(trial.take(Trial::number(7, start_ns), start_ns + 3600 * second_ns));
    CHECK(trial.told.empty());
}

TEST_CASE("so many are told of in a second, and the others in the next", "[returned_probes]") {
    Trial trial;
    for (std::uint32_t i = 0; i < max_loop_reports + 10; ++i) CHECK(trial.take(Trial::number(i)));
    CHECK(trial.told.size() == max_loop_reports);
    const std::uint64_t later = Trial::number(max_loop_reports + 5);
    CHECK(trial.take(later, start_ns + second_ns));
    CHECK(trial.told.size() == max_loop_reports + 1);
    CHECK(trial.told.back() == later);
}

}  // namespace dproxy::proxy
