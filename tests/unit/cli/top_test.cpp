// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "one_shot_server.hpp"
#include "run_words.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

const std::string history = http_response("200 OK", R"({"total":{"seconds":{"queries":[5],"failures":[0],"p50_ms":[1],
    "p99_ms":[2]}},"routes":[],"upstreams":[]})");

Run top_at(std::vector<std::string> pages) {
    const OneShotServer server(SOCK_STREAM, http_pages(std::move(pages)));
    return run_words({"top", "--once", "--admin", server.endpoint().to_string()});
}

}  // namespace

TEST_CASE("top prints and ends", "[top]") {
    const Run run = top_at({history, http_response("200 OK", R"({"version":"9.9.9","workers":3})")});
    CHECK(run.status == exit_good);
    CHECK(run.err == "");
    CHECK(run.out.starts_with("dproxy 9.9.9, up 0 s, 3 workers, ready\n5.00 queries/s, 0 failures/s, p50 1.00 ms"));
}

TEST_CASE("top says why there is nothing to see", "[top]") {
    const Run other = top_at({http_response("200 OK", "{}"), http_response("200 OK", "{}")});
    CHECK(other.status == exit_faults);
    CHECK(other.out == "");
    CHECK(other.err.find("the answer is not what /history of dproxy tells") != std::string::npos);
    const Run older = top_at({http_response("404 Not Found", "nothing here\n")});
    CHECK(older.status == exit_faults);
    CHECK(older.err.find("status 404, `nothing here`") != std::string::npos);
    const auto nobody = run_words({"top", "--admin", "127.0.0.1:1"});
    CHECK(nobody.status == exit_faults);
    CHECK(nobody.err.starts_with("http://127.0.0.1:1/history"));
    const auto off = run_words({"top"}, {"DPROXY_ADMIN=off"});
    CHECK(off.status == exit_usage);
    CHECK(off.err == "admin: the HTTP side is off, so nothing tells what it does\n");
}
