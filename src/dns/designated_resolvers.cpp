// SPDX-License-Identifier: MIT
#include "dns/designated_resolvers.hpp"

#include <string_view>

namespace dproxy::dns {
namespace {

constexpr std::string_view zone("\x08resolver\x04""arpa\x00", 15);
constexpr std::string_view asked("\x04_dns\x08resolver\x04""arpa\x00", 20);

// Of RFC 9460 14.3.2 and RFC 9461 7; they stand in ascending order.
constexpr std::uint16_t key_alpn = 1, key_port = 3, key_path_template = 7;

Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

void append_u16(RecordData& data, std::size_t value) {
    data.push_back(static_cast<std::uint8_t>(value >> 8));
    data.push_back(static_cast<std::uint8_t>(value));
}

void append(RecordData& data, Bytes bytes) { data.insert(data.end(), bytes.begin(), bytes.end()); }

RecordData record_of(std::size_t priority, const Name& name, const DesignatedResolver& resolver) {
    RecordData data;
    append_u16(data, priority);
    append(data, name.wire());
    append_u16(data, key_alpn);
    append_u16(data, 1 + resolver.alpn.size());
    data.push_back(static_cast<std::uint8_t>(resolver.alpn.size()));
    append(data, as_bytes(resolver.alpn));
    if (resolver.port != 0) {
        append_u16(data, key_port);
        append_u16(data, 2);
        append_u16(data, resolver.port);
    }
    if (!resolver.path_template.empty()) {
        append_u16(data, key_path_template);
        append_u16(data, resolver.path_template.size());
        append(data, as_bytes(resolver.path_template));
    }
    return data;
}

}  // namespace

DesignatedResolvers::DesignatedResolvers(const Name& name, std::span<const DesignatedResolver> resolvers) {
    for (const DesignatedResolver& resolver : resolvers) {
        records_.push_back(record_of(records_.size() + 1, name, resolver));
    }
}

bool DesignatedResolvers::is_within_resolver_arpa(Bytes name) { return is_within(name, as_bytes(zone)); }

std::span<const RecordData> DesignatedResolvers::records_of(Bytes name) const {
    if (!equal_ignoring_case(name, as_bytes(asked))) return {};
    return records_;
}

}  // namespace dproxy::dns
