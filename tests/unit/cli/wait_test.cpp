// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "one_shot_server.hpp"
#include "run_words.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

constexpr const char* hash = "00000000000000aa";

Run wait_at(const std::string& admin, const std::string& patience, const std::string& file = "a.prox") {
    const std::vector<std::string> words{"wait",   "--file", file,    "--hash", hash,
                                         "--admin", admin,    "--for", patience};
    return run_words(words);
}

std::string report(const std::string& in_force, bool valid = true) {
    return http_response("200 OK", R"({"files":[{"file":"r/a.prox","hash":"00000000000000aa","hash_in_force":")" +
                                       in_force + R"(","since":"then","valid":)" + (valid ? "true" : "false") +
                                       R"(,"faults":[{"file":"r/a.prox","line":3,"severity":"error",)"
                                       R"("message":"broken"}]}]})");
}

/// Answers one request after the other.
std::function<void(int)> pages(std::vector<std::string> responses, std::string* request = nullptr) {
    return [responses = std::move(responses), request](int listener) {
        for (const std::string& response : responses) http_page(response, request)(listener);
    };
}

}  // namespace

TEST_CASE("wait ends well when the content is in force", "[wait]") {
    std::string request;
    {
        const std::vector<std::string> answers{report("0"), http_response("503 No", ""), report(hash)};
        const OneShotServer server(SOCK_STREAM, pages(answers, &request));
        const auto waited = wait_at(server.endpoint().to_string(), "1m", "team a/a.prox");
        CHECK(waited.status == exit_good);
        CHECK(waited.out == "r/a.prox: in force since then\n");
        CHECK(waited.err.empty());
    }
    CHECK(request.starts_with("GET /files?file=team%20a%2Fa.prox HTTP/1.1\r\n"));
}

TEST_CASE("wait ends with 1 where the content has a fault", "[wait]") {
    const OneShotServer server(SOCK_STREAM, pages({report("0", false)}));
    const auto waited = wait_at(server.endpoint().to_string(), "1m");
    CHECK(waited.status == exit_faults);
    CHECK(waited.out == "r/a.prox:3: broken\n");
}

TEST_CASE("wait ends with 3 when the time is over, and says what there is", "[wait]") {
    const OneShotServer server(SOCK_STREAM, pages({report("0")}));
    const auto waited = wait_at(server.endpoint().to_string(), "0s");
    CHECK(waited.status == exit_time_over);
    CHECK(waited.err.starts_with("not in force after 0s: r/a.prox: "));
    const auto closed = wait_at("127.0.0.1:1", "10ms");
    CHECK(closed.status == exit_time_over);
    CHECK(closed.err.find("http://127.0.0.1:1/files?file=a.prox: connecting") != std::string::npos);
}

TEST_CASE("wait says what cannot be waited for", "[wait]") {
    const auto bad = wait_at("ftp://x", "1m");
    CHECK(bad.status == exit_usage);
    CHECK(bad.err.starts_with("--admin: `ftp://x` was found"));
    const std::string two = R"({"files":[{"file":"r/a"},{"file":"s/a"}]})";
    const OneShotServer server(SOCK_STREAM, pages({http_response("200 OK", two)}));
    const auto several = wait_at(server.endpoint().to_string(), "1m", "a");
    CHECK(several.status == exit_usage);
    CHECK(several.err == "--file: several files are called `a`; expected more of its path: r/a, s/a\n");
}
