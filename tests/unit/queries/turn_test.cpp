// SPDX-License-Identifier: MIT
#include "queries/turn.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "catch.hpp"

namespace dproxy::proxy {

namespace {

struct Recorder {
    void on_turn(TurnKey) { heard += "turn "; }
    void flush(TurnKey) {
        heard += "flush ";
        if (fails) throw std::runtime_error("no memory");
    }
    std::string heard;
    bool fails = false;
};

void handle(Recorder& recorder, bool fails) {
    const Turn turn(recorder);
    recorder.heard += "work ";
    if (fails) throw std::runtime_error("a handler failed");
}

}  // namespace

TEST_CASE("nobody but a turn has its key", "[turn]") {
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<TurnKey>);
    STATIC_REQUIRE_FALSE(std::is_aggregate_v<TurnKey>);
}

TEST_CASE("a turn begins before the work of its handler and sends what was queued after it", "[turn]") {
    Recorder recorder;
    handle(recorder, false);
    CHECK(recorder.heard == "turn work flush ");
}

TEST_CASE("what a handler that failed has queued waits for the next turn", "[turn]") {
    Recorder recorder;
    CHECK_THROWS_WITH(handle(recorder, true), "a handler failed");
    CHECK(recorder.heard == "turn work ");
    handle(recorder, false);
    CHECK(recorder.heard == "turn work turn work flush ");
}

TEST_CASE("a turn that ends in the clean-up of another failure does its work", "[turn]") {
    Recorder recorder;
    struct CleanUp {
        Recorder& recorder;
        ~CleanUp() { handle(recorder, false); }
    };
    try {
        const CleanUp clean_up{recorder};
        throw std::runtime_error("elsewhere");
    } catch (const std::runtime_error&) {
    }
    CHECK(recorder.heard == "turn work flush ");
}

TEST_CASE("a failure at the end of a turn goes where one within it goes", "[turn]") {
    Recorder recorder;
    recorder.fails = true;
    CHECK_THROWS_WITH(handle(recorder, false), "no memory");
}

}  // namespace dproxy::proxy
