// SPDX-License-Identifier: MIT
#include "admin/query_string.hpp"

#include "catch.hpp"

using namespace dproxy::admin;

namespace {

std::string value_of(std::string_view query, std::string_view name) {
    const auto parameters = parse_query(query);
    if (!parameters) return "bad";
    const std::string* value = parameters->find(name);
    return value ? *value : "none";
}

}  // namespace

TEST_CASE("parameters are found and decoded") {
    CHECK(value_of("name=a.example&type=A", "name") == "a.example");
    CHECK(value_of("name=a.example&type=A", "type") == "A");
    CHECK(value_of("name=a%2eex%2Dample", "name") == "a.ex-ample");
    CHECK(value_of("n%61me=x", "name") == "x");
    CHECK(value_of("name=a+b%2B", "name") == "a b+");
    CHECK(value_of("name=a=b", "name") == "a=b");
    CHECK(value_of("name=1&name=2", "name") == "1");
    CHECK(value_of("name", "name").empty());
    CHECK(value_of("name=", "name").empty());
    CHECK(value_of("&&name=x&", "name") == "x");
    CHECK(value_of("=x", "name") == "none");
    CHECK(value_of("", "name") == "none");
    CHECK(value_of("name=%00", "name") == std::string(1, '\0'));
}

TEST_CASE("a percent sign without two digits is bad") {
    for (const char* query : {"name=%", "name=%2", "name=%2g", "name=%g2", "%=x", "a=%%20"}) {
        CHECK_FALSE(parse_query(query));
    }
}

TEST_CASE("a target is path and query") {
    const auto check = [](std::string_view target, std::string_view path, std::string_view query) {
        INFO(target);
        CHECK(split_target(target).path == path);
        CHECK(split_target(target).query == query);
    };
    check("/a?b=c", "/a", "b=c");
    check("/a?b?c", "/a", "b?c");
    check("/a", "/a", "");
    check("/a?", "/a", "");
    check("/", "/", "");
    check("/a#f?x", "/a", "");
    check("http://host:8080/a?b", "/a", "b");
    check("http://host", "/", "");
    check("http://host?b", "/", "b");
    check("/a?u=http://b/c", "/a", "u=http://b/c");
    check("", "/", "");
    check("http://host#f", "/", "");
}

TEST_CASE("an absolute target has an authority, others have none") {
    CHECK(split_target("http://host:8080/a?b").authority == "host:8080");
    CHECK(split_target("HTTP://host?b").authority == "host");
    CHECK(split_target("http://host#f").authority == "host");
    CHECK(split_target("http:///a").authority == "");
    CHECK_FALSE(split_target("/a?u=http://b/c").authority);
    CHECK_FALSE(split_target("/").authority);
    CHECK_FALSE(split_target("").authority);
}
