// SPDX-License-Identifier: MIT
#include "server/flush.hpp"

#include "catch.hpp"
#include "unit/cache/kept.hpp"

using namespace dproxy;
using test::Asked;
using test::Packet;
namespace qtype = test::qtype;

namespace {

struct Kept {
    Kept() {
        memory.open(0);
        for (const char* name : {"a.test", "www.a.test", "wwwa.test", "b.test"}) keep(name);
    }
    void keep(const std::string& name) {
        const Asked asked(Packet::query(name, qtype::a));
        const auto reply = Packet::reply(name, qtype::a).answer(name, qtype::a, {192, 0, 2, 1});
        REQUIRE(memory.keep(0, test::kept(asked, reply)));
    }
    bool has(const std::string& name) {
        const Asked asked(Packet::query(name, qtype::a));
        auto room = cache::make_record_room();
        return bool(memory.find(*asked.key, 0, room));
    }
    std::string flushed(std::string_view name) { return server::flush(memory, name, log).body; }

    cache::AnswerMemory memory{std::size_t{1} << 20, 1};
    telemetry::Log log{{telemetry::LogLevel::error, telemetry::LogFormat::text}};
};

}  // namespace

TEST_CASE("a name is forgotten with all below it, and nothing beside") {
    Kept kept;
    CHECK(kept.flushed("A.TEST.") == R"({"name":"a.test","forgotten":2})");
    CHECK_FALSE(kept.has("a.test"));
    CHECK_FALSE(kept.has("www.a.test"));
    CHECK(kept.has("wwwa.test"));
    CHECK(kept.has("b.test"));
    CHECK(kept.flushed("a.test") == R"({"name":"a.test","forgotten":0})");
    CHECK(kept.flushed(".") == R"({"name":".","forgotten":2})");
    CHECK_FALSE(kept.has("b.test"));
}

TEST_CASE("a name that is none is told, and nothing forgotten") {
    Kept kept;
    const auto done = server::flush(kept.memory, "a..test", kept.log);
    CHECK_FALSE(done.valid);
    CHECK(done.body.starts_with("The name `a..test` cannot be read: "));
    for (const std::string& name : {std::string(""), std::string("\xff.test"), std::string(64, 'a'),
                                    std::string(9000, '.'), std::string("a.test\\")}) {
        CHECK_FALSE(server::flush(kept.memory, name, kept.log).valid);
    }
    CHECK(kept.has("a.test"));
}
