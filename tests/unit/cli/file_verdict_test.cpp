// SPDX-License-Identifier: MIT
#include "cli/file_verdict.hpp"

#include "catch.hpp"

using namespace dproxy::cli;
using Kind = FileVerdict::Kind;

namespace {

FileVerdict judge(const std::string& text, std::string_view file = "a.prox", std::string_view hash = "aa") {
    return judge_file(text, file, hash);
}

std::string one(const std::string& hash, const std::string& in_force, const std::string& rest = R"("valid":true)") {
    return R"({"files":[{"file":"r/a.prox","hash":)" + hash + R"(,"hash_in_force":)" + in_force +
           R"(,"since":"2026-01-01T00:00:00.000Z",)" + rest + "}]}";
}

}  // namespace

TEST_CASE("content is in force when every worker goes by it", "[file_verdict]") {
    const auto verdict = judge(one(R"("aa")", R"("aa")"));
    CHECK(verdict.kind == Kind::in_force);
    CHECK(verdict.text == "r/a.prox: in force since 2026-01-01T00:00:00.000Z");
    CHECK(judge(one(R"("bb")", R"("aa")")).kind == Kind::in_force);  // and the next one is on its way
}

TEST_CASE("until then it says what there is", "[file_verdict]") {
    const auto read = judge(one(R"("aa")", R"("bb")"));
    CHECK(read.kind == Kind::not_yet);
    CHECK(read.text == "r/a.prox: aa stands in the file, bb is in force since 2026-01-01T00:00:00.000Z");
    const auto unreadable = judge(one("null", "null", R"("valid":false,"faults":[{"file":"r/a.prox","line":0,)"
                                                      R"("severity":"error","message":"is a directory"}])"));
    CHECK(unreadable.kind == Kind::not_yet);
    CHECK(unreadable.text ==
          "r/a.prox: what stands in the file is not known, nothing of it is in force\nr/a.prox: is a directory");
    CHECK(judge(R"({"files":[]})").text == "no file is called `a.prox`");
    CHECK(judge(R"({"routes":[]})").kind == Kind::not_yet);
    CHECK(judge("[]").kind == Kind::not_yet);
    CHECK(judge("<html>").text == "the answer tells nothing of files");
    CHECK(judge(R"({"files":[1]})").kind == Kind::ambiguous);
}

TEST_CASE("content with a fault is told with its faults", "[file_verdict]") {
    const auto faulty = judge(one(R"("aa")", R"("bb")",
                                  R"("valid":false,"faults":[)"
                                  R"({"file":"r/a.prox","line":3,"severity":"error","message":"broken"},)"
                                  R"({"file":"r/a.prox","line":4,"severity":"warning","message":"odd"},)"
                                  R"({"file":"r/a.prox","line":5,"severity":"error","message":"bad"}])"));
    CHECK(faulty.kind == Kind::faulty);
    CHECK(faulty.text == "r/a.prox:3: broken\nr/a.prox:5: bad");
    // In part in force: a section is left out.
    CHECK(judge(one(R"("aa")", R"("aa")", R"("valid":false,"faults":[])")).kind == Kind::faulty);
    CHECK(judge(one(R"("bb")", R"("aa")", R"("valid":false,"faults":[])")).kind == Kind::in_force);
}

TEST_CASE("a name that several files have is no name, unless one has it whole", "[file_verdict]") {
    const std::string two = R"({"files":[{"file":"a.prox","hash":"aa","hash_in_force":"aa","valid":true},)"
                            R"({"file":"r/a.prox","hash":"bb","hash_in_force":"bb","valid":true}]})";
    CHECK(judge(two, "a.prox", "aa").kind == Kind::in_force);
    CHECK(judge(two, "a.prox", "bb").kind == Kind::not_yet);
    const auto neither = judge(two, "x", "aa");
    CHECK(neither.kind == Kind::ambiguous);
    CHECK(neither.text == "several files are called `x`; expected more of its path: a.prox, r/a.prox");
}
