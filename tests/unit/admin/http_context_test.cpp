// SPDX-License-Identifier: MIT
#include "admin/http_context.hpp"

#include <new>
#include <stdexcept>

#include "catch.hpp"

using namespace dproxy;
using namespace dproxy::admin;

namespace {

HttpContext with_pages() {
    return HttpContext{{{"/a", [](const Request&) { return Response{200, plain_text, "a"}; }},
                        {"/broken", [](const Request&) -> Response { throw std::runtime_error("no routes"); }},
                        {"/large", [](const Request&) -> Response { throw std::bad_alloc(); }}},
                       {}, {}, nullptr, nullptr, nullptr, {}, {}};
}

net::Address client(const char* address) { return client_of(*net::Address::parse(address)); }

unsigned status_of(std::optional<std::string_view> authority, const HostField& field) {
    const auto refused = refuse_host({authority, "/", {}}, field, {"dproxy.test"});
    return refused ? refused->status : 200;
}

}  // namespace

TEST_CASE("a page is found by its path, to the byte", "[http_context]") {
    const HttpContext context = with_pages();
    REQUIRE(context.find_page("/a") != nullptr);
    CHECK(context.respond(context.find_page("/a"), {}).body == "a");
    for (const char* path : {"", "/", "a", "/A", "/a/", "/ab"}) CHECK(context.find_page(path) == nullptr);
}

TEST_CASE("who asks for no page is told what there is", "[http_context]") {
    const Response response = with_pages().respond(nullptr, {});
    CHECK(response.status == 404);
    CHECK(response.body == "Not found. There is:\n/a\n/broken\n/large\n");
}

TEST_CASE("a page that cannot be made costs its own request only", "[http_context]") {
    const HttpContext context = with_pages();
    const Response broken = context.respond(context.find_page("/broken"), {});
    CHECK(broken.status == 500);
    CHECK(broken.body == "The page could not be made: no routes\n");
    CHECK(context.respond(context.find_page("/large"), {}).status == 500);
}

TEST_CASE("rejections are counted where somebody counts", "[http_context]") {
    HttpContext context = with_pages();
    context.count(telemetry::HttpRejection::body);
    telemetry::HttpRejections rejections;
    context.rejections = &rejections;
    context.count(telemetry::HttpRejection::body);
    CHECK(rejections[telemetry::HttpRejection::body].value() == 1);
}

TEST_CASE("a client is an address, of IPv6 its /64", "[http_context]") {
    CHECK(client("192.0.2.1") == client("192.0.2.1"));
    CHECK(client("192.0.2.1") != client("192.0.2.2"));
    CHECK(client("2001:db8::1") == client("2001:db8::ffff:1:2:3"));
    CHECK(client("2001:db8::1") != client("2001:db8:0:1::1"));
}

TEST_CASE("without connections nobody has to give way", "[http_context]") {
    HttpContext context = with_pages();
    context.limits.connections = context.limits.connections_per_client = 0;
    context.make_room_for(client("192.0.2.1"));
    CHECK(context.connections.empty());
}

TEST_CASE("a name that is not ours is refused, and what is none", "[http_context]") {
    const std::optional<std::string_view> none;
    CHECK(status_of(none, {1, "dproxy.test"}) == 200);
    CHECK(status_of(none, {1, "127.0.0.1:8080"}) == 200);
    CHECK(status_of(none, {1, "attacker.example"}) == 421);
    CHECK(status_of(none, {1, "a b"}) == 400);
    CHECK(status_of(none, {1, ""}) == 400);
}

TEST_CASE("a Host is said once, and only HTTP/1.0 need not say it", "[http_context]") {
    const std::optional<std::string_view> none;
    CHECK(status_of(none, {0, ""}) == 400);
    CHECK(status_of(none, {0, "", true}) == 200);
    CHECK(status_of(none, {2, "dproxy.test"}) == 400);
    CHECK(status_of(none, {2, "dproxy.test", true}) == 400);
    CHECK(status_of("dproxy.test", {2, "dproxy.test"}) == 400);
}

TEST_CASE("an absolute target's own name stands in place of the field", "[http_context]") {
    CHECK(status_of("dproxy.test", {1, "attacker.example"}) == 200);
    CHECK(status_of("attacker.example", {1, "dproxy.test"}) == 421);
    CHECK(status_of("attacker.example", {0, "", true}) == 421);
    CHECK(status_of("dproxy.test", {0, ""}) == 200);
    CHECK(status_of("", {1, "dproxy.test"}) == 400);
}

TEST_CASE("an order is taken from programs on this machine") {
    CHECK_FALSE(refuse_orderer({.is_local = true}));
    for (const Orderer& other : {Orderer{}, Orderer{true, true, false}, Orderer{true, false, true}}) {
        const auto refusal = refuse_orderer(other);
        REQUIRE(refusal);
        CHECK(refusal->status == 403);
        CHECK_FALSE(refusal->body.empty());
    }
}
