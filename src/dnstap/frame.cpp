// SPDX-License-Identifier: MIT
#include "dnstap/frame.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "dnstap/protobuf.hpp"

namespace dproxy::dnstap {
namespace {

using Out = std::vector<std::uint8_t>;

/// Of the message Dnstap.
namespace outer {
constexpr unsigned identity = 1, version = 2, message = 14, type = 15;
constexpr std::uint64_t type_message = 1;
}  // namespace outer

/// Of the message Message within it.
namespace inner {
constexpr unsigned type = 1, socket_family = 2, socket_protocol = 3, query_address = 4, response_address = 5,
                   query_port = 6, response_port = 7, query_time_sec = 8, query_time_nsec = 9, query_message = 10,
                   query_zone = 11, response_time_sec = 12, response_time_nsec = 13, response_message = 14;
constexpr std::uint64_t family_inet = 1, family_inet6 = 2;
}  // namespace inner

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void put_endpoint(Out& out, const net::Endpoint& endpoint, unsigned address_field, unsigned port_field) {
    if (endpoint.address.is_unspecified()) return;
    const std::span<const std::uint8_t> bytes(endpoint.address.bytes);
    put_bytes(out, address_field, endpoint.address.is_v4() ? bytes.last(4) : bytes);
    if (endpoint.port != 0) put_number(out, port_field, endpoint.port);
}

void put_time(Out& out, std::uint64_t monotonic_ns, std::int64_t unix_ns, unsigned sec_field, unsigned nsec_field) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    const std::int64_t time_ns = std::max<std::int64_t>(static_cast<std::int64_t>(monotonic_ns) + unix_ns, 0);
    put_number(out, sec_field, static_cast<std::uint64_t>(time_ns / second_ns));
    put_fixed32(out, nsec_field, static_cast<std::uint32_t>(time_ns % second_ns));
}

void put_message(Out& out, const Record& record, std::int64_t unix_ns) {
    const net::Endpoint& known = record.asking.address.is_unspecified() ? record.asked : record.asking;
    put_number(out, inner::type, static_cast<std::uint64_t>(record.kind));
    put_number(out, inner::socket_family, known.address.is_v4() ? inner::family_inet : inner::family_inet6);
    put_number(out, inner::socket_protocol, static_cast<std::uint64_t>(record.protocol));
    put_endpoint(out, record.asking, inner::query_address, inner::query_port);
    put_endpoint(out, record.asked, inner::response_address, inner::response_port);
    put_time(out, record.asked_ns, unix_ns, inner::query_time_sec, inner::query_time_nsec);
    if (!record.zone.empty()) put_bytes(out, inner::query_zone, record.zone);
    if (record.is_response()) {
        put_time(out, record.answered_ns, unix_ns, inner::response_time_sec, inner::response_time_nsec);
    }
    put_bytes(out, record.is_response() ? inner::response_message : inner::query_message, record.message);
}

}  // namespace

FrameForm::FrameForm(std::string identity, std::string version)
    : identity_(std::move(identity)), version_(std::move(version)) {}

void FrameForm::append(const Record& record, std::int64_t unix_ns, std::vector<std::uint8_t>& out) {
    message_.clear();
    put_message(message_, record, unix_ns);
    put_bytes(out, outer::identity, bytes_of(identity_));
    put_bytes(out, outer::version, bytes_of(version_));
    put_bytes(out, outer::message, message_);
    put_number(out, outer::type, outer::type_message);
}

}  // namespace dproxy::dnstap
