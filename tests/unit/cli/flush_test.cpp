// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "one_shot_server.hpp"
#include "run_words.hpp"

namespace {

using namespace dproxy;
using namespace dproxy::cli;
using namespace dproxy::test;

struct Flushed {
    Run run;
    std::string request;
};

/// What the verb does with an instance that answers so.
Flushed flush_at(const std::string& response, std::vector<std::string> words) {
    std::string request;
    words.insert(words.begin(), "flush");
    Run run;
    {
        const OneShotServer server(SOCK_STREAM, http_page(response, &request));
        words.insert(words.end(), {"--admin", server.endpoint().to_string()});
        run = run_words(words);
    }
    return {std::move(run), std::move(request)};
}

}  // namespace

TEST_CASE("flush says how much was forgotten", "[flush]") {
    const auto all = flush_at(http_response("200 OK", R"({"name":".","forgotten":3})"), {});
    CHECK(all.run.status == exit_good);
    CHECK(all.run.out == "forgot 3 answers\n");
    CHECK(all.request.starts_with("POST /flush HTTP/1.1\r\n"));
    CHECK(all.request.find("Content-Length") == std::string::npos);
    const auto one = flush_at(http_response("200 OK", R"({"name":"a b.test","forgotten":1})"), {"a\\032b.test"});
    CHECK(one.run.out == "forgot 1 answer at and below `a\\032b.test`\n");
    CHECK(one.request.starts_with("POST /flush?name=a%5C032b.test HTTP/1.1\r\n"));
}

TEST_CASE("flush says why nothing was forgotten", "[flush]") {
    const auto refused = flush_at(http_response("403 Forbidden", "From loopback only.\n"), {"a.test"});
    CHECK(refused.run.status == exit_faults);
    CHECK(refused.run.err.find("/flush?name=a.test: status 403, `From loopback only.`") != std::string::npos);
    for (const char* body : {"hello", "{}", "[]", R"({"forgotten":"3"})", R"({"forgotten":-1})"}) {
        const auto other = flush_at(http_response("200 OK", body), {});
        CHECK(other.run.status == exit_faults);
        CHECK(other.run.err.find("the answer is not what /flush of dproxy tells") != std::string::npos);
    }
    const auto nobody = run_words({"flush", "--admin", "127.0.0.1:1"});
    CHECK(nobody.status == exit_faults);
    CHECK(nobody.err.starts_with("http://127.0.0.1:1/flush: connecting"));
}

TEST_CASE("flush asks nobody where the command is wrong", "[flush]") {
    const auto name = run_words({"flush", "a..test", "--admin", "127.0.0.1:1"});
    CHECK(name.status == exit_usage);
    CHECK(name.err.starts_with("the name `a..test` cannot be read: "));
    const auto url = run_words({"flush", "--admin", "ftp://x"});
    CHECK(url.status == exit_usage);
    CHECK(url.err.starts_with("--admin: `ftp://x` was found"));
    const auto off = run_words({"flush"}, {"DPROXY_ADMIN=off"});
    CHECK(off.status == exit_usage);
    CHECK(off.err == "admin: the HTTP side is off, so nothing can be told to forget\n");
}
