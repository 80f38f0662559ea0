// SPDX-License-Identifier: MIT
#include "server/page_search.hpp"

#include "status_scene.hpp"

using namespace dproxy;
using namespace dproxy::server;
using dproxy::test::StatusScene;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string found(const StatusScene& scene, std::string_view wanted, std::size_t* pieces = nullptr) {
    RouteSearch search(wanted, *scene.facts.publication);
    std::string page;
    for (std::size_t count = 1;; ++count) {
        std::string piece;
        const bool more = search.append(*scene.facts.publication, scene.facts.counters, piece);
        CHECK_FALSE(piece.empty());
        page += piece;
        if (pieces != nullptr) *pieces = count;
        if (!more) return page;
    }
}

std::size_t rows(const std::string& page) {
    std::size_t count = 0;
    for (std::size_t at = page.find("<th scope=\"row\">"); at != std::string::npos; ++count) {
        at = page.find("<th scope=\"row\">", at + 1);
    }
    return count;
}

}  // namespace

TEST_CASE("routes are found by a part of their names, in any case", "[page_search]") {
    const StatusScene scene;
    CHECK(has(found(scene, "B.TES"), "<th scope=\"row\">*.b.test</th>"));
    CHECK(rows(found(scene, "b.tes")) == 1);
    CHECK(rows(found(scene, "test")) == 2);
    CHECK(has(found(scene, "test"), "2 routes of 2."));
}

TEST_CASE("routes are found by their upstreams", "[page_search]") {
    CHECK(rows(found(StatusScene(), "192.0.2.2:54")) == 2);
}

TEST_CASE("what is not there is not found", "[page_search]") {
    const std::string page = found(StatusScene(), "<nowhere>");
    CHECK(rows(page) == 0);
    CHECK_FALSE(has(page, "<table"));
    CHECK(has(page, "0 routes of 2."));
    CHECK(has(page, "&lt;nowhere&gt;"));
}

TEST_CASE("a large table is searched in slices, and the first finds are shown", "[page_search]") {
    std::vector<std::string> sections;
    for (std::size_t i = 0; i < 2 * max_routes_in_a_slice + 10; ++i) {
        sections.push_back("n" + std::to_string(i) + ".test");
    }
    const StatusScene scene(sections);
    std::size_t pieces = 0;
    CHECK(rows(found(scene, "n" + std::to_string(2 * max_routes_in_a_slice) + ".", &pieces)) == 1);
    CHECK(pieces == 3);
    const std::string many = found(scene, "n", &pieces);
    CHECK(pieces == 1);
    CHECK(rows(many) == max_page_rows);
    CHECK(has(many, "there are more"));
    CHECK(many.size() < 100'000);
}

TEST_CASE("a search of routes that are no more ends and says so", "[page_search]") {
    const StatusScene scene;
    RouteSearch search("test", *scene.facts.publication);
    proxy::Publication other = *scene.facts.publication;
    ++other.table_serial;
    std::string page;
    CHECK_FALSE(search.append(other, scene.facts.counters, page));
    CHECK(has(page, "search again"));
    CHECK(rows(page) == 0);
}
