// SPDX-License-Identifier: MIT
#include "http/media_type.hpp"

#include "catch.hpp"

using namespace dproxy;

TEST_CASE("a DNS message by its content type", "[media_type]") {
    for (const char* good : {"application/dns-message", "APPLICATION/DNS-Message", "application/dns-message ; a=b",
                             "application/dns-message\t", "application/dns-message;"}) {
        INFO(good);
        CHECK(http::is_dns_media_type(good));
    }
    for (const char* other : {"", ";", "application/dns-messages", "application/dns", "application/dns-json",
                              " application/dns-message", "application/dns-message, application/dns-message", "*/*"}) {
        INFO(other);
        CHECK_FALSE(http::is_dns_media_type(other));
    }
}
