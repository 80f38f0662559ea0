// SPDX-License-Identifier: MIT
#include "http/response_head.hpp"

#include <algorithm>
#include <charconv>

#include "dns/freshness.hpp"
#include "http/media_type.hpp"

namespace dproxy::http {
namespace {

constexpr std::string_view allowed_methods = "GET, POST";
/// How long a browser need not ask again, seconds; none keeps it for longer than a day.
constexpr std::string_view preflight_seconds = "86400";

}  // namespace

void ResponseHead::set_status(Status status) {
    status_ = status;
    std::to_chars(status_text_.data(), status_text_.data() + status_text_.size(), static_cast<unsigned>(status));
}

std::string_view ResponseHead::number(std::string_view before, std::size_t value) {
    char* begin = numbers_.data() + used_;
    char* digits = std::copy(before.begin(), before.end(), begin);
    char* end = std::to_chars(digits, numbers_.data() + numbers_.size(), value).ptr;
    used_ += static_cast<std::size_t>(end - begin);
    return {begin, static_cast<std::size_t>(end - begin)};
}

ResponseHead::ResponseHead(dns::Bytes answer) {
    set_status(Status::ok);
    add("content-type", dns_media_type);
    add("access-control-allow-origin", "*");
    add("content-length", number("", answer.size()));
    add("cache-control", number("max-age=", dns::read_freshness(answer).ttl));
}

ResponseHead::ResponseHead(const Refusal& refusal) {
    set_status(refusal.status);
    add("access-control-allow-origin", "*");
    if (refusal.is_preflight) {
        add("access-control-allow-methods", allowed_methods);
        add("access-control-allow-headers", "content-type, accept");
        add("access-control-max-age", preflight_seconds);
    }
    if (refusal.is_preflight || refusal.status == Status::method_not_allowed) add("allow", "GET, POST, OPTIONS");
    // RFC 9110 8.6: none behind a 204.
    if (refusal.status != Status::no_content) add("content-length", "0");
}

}  // namespace dproxy::http
