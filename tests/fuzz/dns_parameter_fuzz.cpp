// SPDX-License-Identifier: MIT
// The target of a GET: whatever stands there, what comes out is a message or a refusal, and the message has one text.
#include <string>

#include "fuzz.hpp"
#include "http/limits.hpp"
#include "http/request_target.hpp"

using namespace dproxy;

namespace {

std::string base64url(dns::Bytes bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text;
    unsigned bits = 0, count = 0;
    for (const std::uint8_t byte : bytes) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6; count -= 6) text += digits[bits >> (count - 6) & 63];
    }
    if (count != 0) text += digits[bits << (6 - count) & 63];
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const http::RequestTarget target = http::split_target(text);
    MUST_HOLD(target.path.size() + target.query.size() <= size);
    const http::DnsParameter found = http::read_dns_parameter(target.query);
    MUST_HOLD((found.status == http::Status::ok) == !found.message.empty());
    if (found.message.empty()) return 0;
    MUST_HOLD(found.message.size() >= dns::header_length && found.message.size() < http::target_bytes);
    const http::DnsParameter again = http::read_dns_parameter("dns=" + base64url(found.message));
    MUST_HOLD(again.status == http::Status::ok && again.message == found.message);
    return 0;
}
