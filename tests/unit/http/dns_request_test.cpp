// SPDX-License-Identifier: MIT
#include "http/dns_request.hpp"

#include "catch.hpp"
#include "http/limits.hpp"

using namespace dproxy;
using http::DnsRequest;
using http::Place;
using http::Status;
using net::Address;
using Fields = std::vector<std::pair<std::string, std::string>>;

namespace {

const Place place{"/dns-query", net::NetworkList({*net::Network::parse("10.0.0.0/8")})};
const std::vector<std::uint8_t> message(12, 0);
const std::string get_target = "/dns-query?dns=AAAAAAAAAAAAAAAA";
const Fields dns_content = {{"content-type", "application/dns-message"}};

DnsRequest request(const std::string& method, const std::string& target, const Fields& fields = {},
                   const std::vector<std::uint8_t>& body = {}) {
    DnsRequest made(place, Address::v4(192, 0, 2, 1));
    made.take_method(method);
    made.take_target(target);
    for (const auto& [name, value] : fields) made.take_field(name, value);
    made.end_head(!body.empty());
    made.take_body(body);
    made.end();
    return made;
}

unsigned status(const DnsRequest& made) { return made.refused() ? static_cast<unsigned>(*made.refused()) : 200; }

unsigned post(const Fields& fields, const std::vector<std::uint8_t>& body = message) {
    return status(request("POST", "/dns-query", fields, body));
}

}  // namespace

TEST_CASE("a message comes by GET and by POST", "[dns_request]") {
    auto get = request("GET", get_target);
    REQUIRE(status(get) == 200);
    CHECK(get.take_message() == message);
    auto posted = request("POST", "/dns-query?other=1", dns_content, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
    REQUIRE(status(posted) == 200);
    CHECK(posted.take_message().size() == 13);
    CHECK(posted.client() == Address::v4(192, 0, 2, 1));
}

TEST_CASE("a body comes in pieces", "[dns_request]") {
    DnsRequest made(place, Address::v4(192, 0, 2, 1));
    made.take_field("content-type", "application/dns-message");
    made.take_target("/dns-query");
    made.take_method("POST");
    made.end_head(true);
    for (int piece = 0; piece < 6; ++piece) made.take_body(dns::Bytes(message).first(2));
    made.end();
    REQUIRE(status(made) == 200);
    CHECK(made.take_message() == message);
}

TEST_CASE("other paths and other methods", "[dns_request]") {
    CHECK(status(request("GET", "/")) == 404);
    CHECK(status(request("GET", "/dns-query/?dns=AAAAAAAAAAAAAAAA")) == 404);
    CHECK(status(request("GET", "/DNS-query?dns=AAAAAAAAAAAAAAAA")) == 404);
    CHECK(status(request("PUT", "/other")) == 404);
    for (const char* method : {"HEAD", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"})
        CHECK(status(request(method, get_target)) == 405);
    for (const char* method : {"get", "BREW", "", "PROPFIND"}) CHECK(status(request(method, get_target)) == 501);
    DnsRequest none(place, Address::v4(192, 0, 2, 1));
    none.end_head(false);
    CHECK(status(none) == 501);
}

TEST_CASE("a preflight is answered", "[dns_request]") {
    for (const char* target : {"/dns-query", "/dns-query?dns=x", "*"}) {
        const auto made = request("OPTIONS", target);
        CHECK(status(made) == 204);
        CHECK(made.refusal().is_preflight);
    }
    CHECK(status(request("OPTIONS", "/other")) == 404);
    CHECK(status(request("GET", "*")) == 404);
}

TEST_CASE("the content of a POST is a DNS message", "[dns_request]") {
    CHECK(post({{"content-type", "Application/DNS-Message ; a=b"}}) == 200);
    CHECK(post({{"content-type", "application/dns-message"}, {"content-encoding", "identity"}}) == 200);
    CHECK(post({}) == 415);
    CHECK(post({{"content-type", "application/dns-json"}}) == 415);
    CHECK(post({{"content-type", "application/dns-messages"}}) == 415);
    CHECK(post({{"content-type", "application/dns-message"}, {"content-encoding", "gzip"}}) == 415);
    CHECK(post(dns_content, {}) == 400);
    CHECK(post(dns_content, std::vector<std::uint8_t>(11)) == 400);
}

TEST_CASE("a GET has no body", "[dns_request]") {
    CHECK(status(request("GET", get_target, {{"content-length", "0"}})) == 200);
    CHECK(status(request("GET", get_target, {{"content-length", "1"}})) == 400);
    CHECK(status(request("GET", get_target, {}, {1})) == 400);
    DnsRequest made(place, Address::v4(192, 0, 2, 1));
    made.take_method("GET");
    made.take_target(get_target);
    made.end_head(false);
    made.take_body(message);  // nobody had said so
    made.end();
    CHECK(status(made) == 400);
}

TEST_CASE("a body has the length of a message at most", "[dns_request]") {
    CHECK(post(dns_content, std::vector<std::uint8_t>(65535)) == 200);
    CHECK(post(dns_content, std::vector<std::uint8_t>(65536)) == 413);
    const auto announced = [](const char* length) {
        DnsRequest made(place, Address::v4(192, 0, 2, 1));
        made.take_method("POST");
        made.take_target("/dns-query");
        made.take_field("content-type", "application/dns-message");
        made.take_field("content-length", length);
        made.end_head(true);
        return status(made);
    };
    CHECK(announced("65535") == 200);
    CHECK(announced("65536") == 413);
    CHECK(announced("99999999999999999999999999") == 413);
    for (const char* length : {"", "x", "-1", "1 2", "0x10"}) CHECK(announced(length) == 400);
}

TEST_CASE("a head has its limits", "[dns_request]") {
    CHECK(status(request("GET", "/dns-query?dns=" + std::string(http::target_bytes, 'A'))) == 414);
    CHECK(status(request("GET", get_target, {{"a", std::string(http::header_bytes, 'x')}})) == 431);
    const std::size_t rest = http::header_bytes - (3 + 32) - (get_target.size() + 32) - (1 + 32);
    CHECK(status(request("GET", get_target, {{"a", std::string(rest, 'x')}})) == 200);
    CHECK(status(request("GET", get_target, {{"a", std::string(rest + 1, 'x')}})) == 431);
    CHECK(status(request("GET", get_target, Fields(600))) == 431);  // names and values of no length count too
}

TEST_CASE("nothing is kept of what is refused", "[dns_request]") {
    DnsRequest made(place, Address::v4(10, 0, 0, 1));
    made.take_method("POST");
    made.take_target("/other");
    made.end_head(true);
    for (int piece = 0; piece < 1000; ++piece) made.take_body(std::vector<std::uint8_t>(1000));
    CHECK(made.held_bytes() < 100);
    for (int field = 0; field < 10000; ++field) made.take_field("x-forwarded-for", std::string(100, '1'));
    CHECK(made.held_bytes() < 3 * http::header_bytes);
}

TEST_CASE("the client is whom a trusted proxy names", "[dns_request]") {
    const auto asked = [](const Address& peer, const Fields& fields) {
        DnsRequest made(place, peer);
        made.take_method("GET");
        made.take_target(get_target);
        for (const auto& [name, value] : fields) made.take_field(name, value);
        made.end_head(false);
        made.end();
        return status(made) == 200 ? made.client().to_string() : std::to_string(status(made));
    };
    const Address proxy = Address::v4(10, 0, 0, 1);
    CHECK(asked(proxy, {}) == "10.0.0.1");
    CHECK(asked(proxy, {{"x-forwarded-for", "192.0.2.7"}}) == "192.0.2.7");
    CHECK(asked(proxy, {{"forwarded", "for=192.0.2.7"}}) == "192.0.2.7");
    CHECK(asked(proxy, {{"forwarded", "for=192.0.2.66"}, {"x-forwarded-for", "192.0.2.7"}}) == "400");
    CHECK(asked(Address::v4(192, 0, 2, 1), {{"x-forwarded-for", "127.0.0.1"}}) == "192.0.2.1");
}

TEST_CASE("whoever waits to be told to go on says so", "[dns_request]") {
    CHECK(request("POST", "/dns-query", {{"expect", "100-continue"}}).expects_continue());
    CHECK_FALSE(request("POST", "/dns-query").expects_continue());
}
