// SPDX-License-Identifier: MIT
#include "server/left_out.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "config_directory.hpp"
#include "io/fd.hpp"
#include "unit/routing/table_of_patterns.hpp"

using namespace dproxy;
using namespace dproxy::server;
using dproxy::test::TemporaryDirectory;

namespace {

using Settings = std::shared_ptr<const routing::RouteSettings>;

Settings settings() { return std::make_shared<const routing::RouteSettings>(); }
net::Endpoint endpoint(const std::string& text) { return *net::Endpoint::parse(text, 53); }

/// A list, and what is said of it.
struct LeftOutFixture {
    TemporaryDirectory top;
    Settings of_route = settings();
    std::shared_ptr<const routing::RouteTable> table =
        routing::RouteTable::build({routing::file_of("d/a.prox", {"a.test *.a.test", "b.test"}, of_route)}).table;
    LeftOutList list;

    /// The lines that an update writes.
    std::vector<std::string> update(const std::vector<proxy::LeftOut>& left_out) {
        const std::string path = (top / "log").string();
        {
            const io::Fd file(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
            REQUIRE(file);
            telemetry::LogOptions options;
            options.descriptor = file.get();
            telemetry::Log log(options);
            list.update(left_out, *table, log);
        }
        std::ifstream file(path);
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
};

}  // namespace

TEST_CASE_METHOD(LeftOutFixture, "an address that is left out is said once, with its route and place", "[left_out]") {
    const std::vector<proxy::LeftOut> one{{endpoint("127.0.0.1:53"), "", of_route}};
    const auto lines = update(one);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with("error an upstream is dproxy itself: it is left out address=127.0.0.1:53 host=\"\" "
                             "route=\"a.test *.a.test\" file=d/a.prox line=1"));
    REQUIRE(list.reports()->size() == 1);
    CHECK(list.reports()->front().route == "a.test *.a.test");
    CHECK(list.reports()->front().line == 1);
    CHECK(update(one).empty());
    CHECK(list.reports()->size() == 1);
}

TEST_CASE_METHOD(LeftOutFixture, "what is an upstream again is no longer listed, and said anew if it comes back",
                 "[left_out]") {
    const std::vector<proxy::LeftOut> one{{endpoint("127.0.0.1:53"), "ns.test", of_route}};
    CHECK(update(one).size() == 1);
    const LeftOutList::Reports held = list.reports();
    CHECK(update({}).empty());
    CHECK(list.reports()->empty());
    CHECK(held->size() == 1);  // whoever reads it still has it
    CHECK(update(one).size() == 1);
}

TEST_CASE_METHOD(LeftOutFixture, "addresses of no route are the master upstream's", "[left_out]") {
    const auto lines = update({{endpoint("[::1]:53"), "", settings()}});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("route=(master)") != std::string::npos);
    CHECK(list.reports()->front().file.empty());
}

TEST_CASE_METHOD(LeftOutFixture, "the same address by another name or of another route is another entry",
                 "[left_out]") {
    const net::Endpoint same = endpoint("127.0.0.1:53");
    CHECK(update({{same, "", of_route}, {same, "ns.test", of_route}, {same, "", settings()}}).size() == 3);
    CHECK(list.reports()->size() == 3);
}

TEST_CASE_METHOD(LeftOutFixture, "of very many the first are said, and all are listed", "[left_out]") {
    std::vector<proxy::LeftOut> many;
    for (std::size_t i = 0; i < max_left_out_told + 20; ++i) {
        many.push_back({endpoint("127.0.0.1:" + std::to_string(1000 + i)), "", of_route});
    }
    const auto lines = update(many);
    CHECK(lines.size() == max_left_out_told + 1);
    CHECK(lines.back().ends_with("more upstreams are dproxy itself: they are left out upstreams=20"));
    CHECK(list.reports()->size() == many.size());
    CHECK(update(many).empty());
}
