// SPDX-License-Identifier: MIT
#include "server/history_page.hpp"

#include <boost/json.hpp>

#include "catch.hpp"
#include "history_scene.hpp"

using namespace dproxy;
using namespace dproxy::server;
using dproxy::test::HistoryScene;
namespace json = boost::json;

namespace {

std::vector<std::string> pieces_of(const HistoryWatch& watch, std::uint32_t seconds = admin::longest_history) {
    admin::NextPiece next = history_page(watch, seconds);
    std::vector<std::string> pieces(1);
    while (next(pieces.back())) {
        CHECK_FALSE(pieces.back().empty());
        pieces.emplace_back();
    }
    return pieces;
}

json::object parsed(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    return json::parse(text).as_object();
}

std::string text_of(const json::value& value) { return json::serialize(value); }

}  // namespace

TEST_CASE("a history that has just begun is empty", "[history_page]") {
    HistoryScene scene;
    const auto told = parsed(pieces_of(scene.watch));
    CHECK(text_of(told) ==
          R"({"seconds_until":"2027-01-15T08:00:00.000Z","tens_until":"2027-01-15T07:59:59.000Z",)"
          R"("routes_left_out":0,"upstreams_left_out":0,)"
          R"("total":{"seconds":{"queries":[],"failures":[],"p50_ms":[],"p99_ms":[]},)"
          R"("tens":{"queries":[],"failures":[],"p50_ms":[],"p99_ms":[]}},"routes":[],"upstreams":[]})");
}

TEST_CASE("the last of each list is the latest", "[history_page]") {
    HistoryScene scene;
    scene.look();
    scene.answer(1, telemetry::RcodeLabel::servfail);
    scene.answer(1);
    scene.look();
    scene.look(std::chrono::seconds(2));  // one was slept over
    scene.answer(1);
    scene.look();
    const auto told = parsed(pieces_of(scene.watch));
    const auto& total = told.at("total").at("seconds");
    CHECK(text_of(total.at("queries")) == "[0,2,null,null,1]");
    CHECK(text_of(total.at("failures")) == "[0,1,null,null,0]");
    CHECK(text_of(total.at("p50_ms").at(0)) == "null");
    CHECK(total.at("p50_ms").at(1).to_number<double>() > 0.4);
    const auto& routes = told.at("routes").as_array();
    REQUIRE(routes.size() == 1);
    CHECK(routes[0].at("route") == "r1");
    CHECK(text_of(routes[0].at("seconds").at("queries")) == "[2,null,null,1]");
    const auto& upstreams = told.at("upstreams").as_array();
    REQUIRE(upstreams.size() == 1);
    CHECK(upstreams[0].at("upstream") == "u1");
}

TEST_CASE("no more is told than was asked for", "[history_page]") {
    HistoryScene scene;
    for (std::uint32_t i = 0; i < 34; ++i) {
        for (std::uint32_t asked = 0; asked < i; ++asked) scene.answer(1);
        scene.look();
    }
    const auto told = parsed(pieces_of(scene.watch, 3));
    const auto& total = told.at("total");
    CHECK(text_of(total.at("seconds").at("queries")) == "[31,32,33]");
    CHECK(total.at("seconds").at("p99_ms").as_array().size() == 3);
    CHECK(total.at("tens").at("queries").as_array().size() == 1);
    CHECK(text_of(told.at("routes").at(0).at("seconds").at("queries")) == "[31,32,33]");
    CHECK(text_of(told.at("upstreams").at(0).at("seconds").at("failures")) == "[0,0,0]");
}

TEST_CASE("tens end where they end", "[history_page]") {
    HistoryScene scene;
    for (int i = 0; i < 34; ++i) {
        scene.answer(0);
        scene.look();
    }
    const auto told = parsed(pieces_of(scene.watch));
    // The first ten lacks the second of the first look.
    CHECK(text_of(told.at("total").at("tens").at("queries")) == "[10,10]");
    CHECK(told.at("seconds_until") == "2027-01-15T08:00:34.000Z");
    CHECK(told.at("tens_until") == "2027-01-15T08:00:29.000Z");
}

TEST_CASE("a long history comes in pieces, and what goes on meanwhile does not disturb it", "[history_page]") {
    HistoryScene scene(70);
    for (int i = 0; i < 700; ++i) {
        for (std::size_t number = 0; number < 70; ++number) scene.answer(number);
        scene.look();
    }
    admin::NextPiece next = history_page(scene.watch);
    std::vector<std::string> pieces(1);
    while (next(pieces.back())) {
        CHECK(pieces.back().size() < 128 * 1024);
        pieces.emplace_back();
        scene.look();
        if (pieces.size() == 3) {
            telemetry::MetricLabels fewer;
            fewer.routes.push_back({HistoryScene::route(69), "r69"});
            scene.publish(std::move(fewer));
        }
    }
    CHECK(pieces.size() > 3);
    const auto told = parsed(pieces);
    CHECK(told.at("routes_left_out") == 10);
    CHECK(told.at("total").at("seconds").at("queries").as_array().size() == 600);
    CHECK(told.at("routes").as_array().size() < 60);
    CHECK(told.at("upstreams").as_array().empty());
}

TEST_CASE("labels are text, whatever stands in them", "[history_page]") {
    HistoryScene scene;
    telemetry::MetricLabels odd;
    odd.routes.push_back({HistoryScene::route(0), "\"\\\n</script>"});
    scene.publish(std::move(odd));
    scene.look();
    scene.answer(0);
    scene.look();
    CHECK(parsed(pieces_of(scene.watch)).at("routes").at(0).at("route") == "\"\\\n</script>");
}
