// SPDX-License-Identifier: MIT
#include "http/dns_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "http/limits.hpp"
#include "http/media_type.hpp"
#include "http/request_target.hpp"

namespace dproxy::http {
namespace {

/// Those of RFC 9110 9.3 and RFC 5789 that are neither GET, POST nor OPTIONS: known, and not allowed here.
constexpr std::array<std::string_view, 6> other_methods = {"HEAD", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"};

/// More than a number can say is as good as the most that it can.
std::optional<std::uint64_t> length_of(std::string_view value) {
    std::uint64_t length = 0;
    const auto [stopped, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (value.empty() || stopped != value.data() + value.size()) return std::nullopt;
    return error == std::errc::result_out_of_range ? ~std::uint64_t{0} : length;
}

}  // namespace

DnsRequest::DnsRequest(const Place& place, const net::Address& peer)
    : place_(place),
      is_forwarded_(!place.trusted_proxies.empty() && place.trusted_proxies.contains(peer)),
      client_(peer) {}

void DnsRequest::refuse(Status status) {
    if (!refused_) refused_ = status;
    body_ = std::vector<std::uint8_t>();  // `{}` would keep its room
}

void DnsRequest::take_method(std::string_view method) {
    header_size_ += method.size() + field_overhead;
    method_ = Method::unknown;
    if (method == "GET") method_ = Method::get;
    if (method == "POST") method_ = Method::post;
    if (method == "OPTIONS") method_ = Method::options;
    if (std::find(other_methods.begin(), other_methods.end(), method) != other_methods.end()) method_ = Method::known;
}

void DnsRequest::take_target(std::string_view target) {
    header_size_ += target.size() + field_overhead;
    if (target.size() > target_bytes) return refuse(Status::target_too_long);
    target_ = target;
}

void DnsRequest::take_field(std::string_view name, std::string_view value) {
    header_size_ += name.size() + value.size() + field_overhead;
    if (header_size_ > header_bytes) return refuse(Status::fields_too_large);
    if (is_forwarded_) forwarding_.take(name, value);
    if (name == "expect") expects_continue_ = true;
    if (name.starts_with("content-")) take_content_field(name, value);
}

void DnsRequest::take_content_field(std::string_view name, std::string_view value) {
    if (name == "content-type") is_dns_message_ = is_dns_media_type(value);
    if (name == "content-encoding") is_encoded_ = is_encoded_ || value != "identity";
    if (name != "content-length") return;
    const auto length = length_of(value);
    if (!length) return refuse(Status::bad_request);
    if (*length > body_bytes) return refuse(Status::content_too_large);
    has_body_ = has_body_ || *length != 0;
}

void DnsRequest::end_head(bool has_body) {
    has_body_ = has_body_ || has_body;
    if (header_size_ > header_bytes) refuse(Status::fields_too_large);
    if (!refused_) judge_target();
    if (refused_ || !is_forwarded_) return;
    const auto found = forwarded_client(client_, place_.trusted_proxies, forwarding_);
    if (found.is_contradictory) refuse(Status::bad_request);
    client_ = found.address;
    forwarding_ = {};
}

void DnsRequest::judge_target() {
    if (method_ == Method::unknown || method_ == Method::none) return refuse(Status::not_implemented);
    const RequestTarget target = split_target(target_);
    const bool is_server_wide = method_ == Method::options && target_ == "*";  // RFC 9110 9.3.7
    if (target.path != place_.path && !is_server_wide) return refuse(Status::not_found);
    if (method_ == Method::options) {
        is_preflight_ = true;
        return refuse(Status::no_content);
    }
    if (method_ == Method::known) return refuse(Status::method_not_allowed);
    if (method_ == Method::post) {
        if (!is_dns_message_ || is_encoded_) refuse(Status::unsupported_media_type);
        return;
    }
    // A body of a GET means nothing, and hides what an intermediary takes for the next request (RFC 9110 9.3.1).
    if (has_body_) return refuse(Status::bad_request);
    auto parameter = read_dns_parameter(target.query);
    if (parameter.status != Status::ok) return refuse(parameter.status);
    body_ = std::move(parameter.message);
}

void DnsRequest::take_body(dns::Bytes piece) {
    if (refused_ || piece.empty()) return;
    if (method_ != Method::post) return refuse(Status::bad_request);
    if (piece.size() > body_bytes - body_.size()) return refuse(Status::content_too_large);
    body_.insert(body_.end(), piece.begin(), piece.end());
}

void DnsRequest::end() {
    target_ = std::string();
    if (!refused_ && body_.size() < dns::header_length) refuse(Status::bad_request);
}

std::size_t DnsRequest::held_bytes() const {
    std::size_t held = target_.capacity() + body_.capacity();
    for (const auto* values : {&forwarding_.forwarded, &forwarding_.x_forwarded_for})
        for (const std::string& value : *values) held += sizeof value + value.capacity();
    return held;
}

}  // namespace dproxy::http
