// SPDX-License-Identifier: MIT
// What a resolver tells its clients of how to ask it encrypted (RFC 9462): SVCB records (RFC 9460, RFC 9461) of
// `_dns.resolver.arpa`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dns/message.hpp"
#include "dns/name.hpp"

namespace dproxy::dns {

/// One way to ask encrypted.
struct DesignatedResolver {
    std::string alpn{};           ///< its protocol: `dot`, `h2`
    std::uint16_t port = 0;       ///< 0: the protocol's own
    std::string path_template{};  ///< of DNS over HTTPS (RFC 8484 3): `/dns-query{?dns}`
};

/// The RDATA of a record.
using RecordData = std::vector<std::uint8_t>;

/// Immutable.
class DesignatedResolvers {
public:
    /// None: names below resolver.arpa are like any others.
    DesignatedResolvers() = default;
    /// All under one name, those preferred first.
    DesignatedResolvers(const Name& name, std::span<const DesignatedResolver> resolvers);

    static constexpr std::uint32_t ttl = 300;  ///< seconds

    /// Whether the name (uncompressed, on the wire) is resolver.arpa or below it, which is nobody else's to answer then
    /// (RFC 9462 6.4).
    bool covers(Bytes name) const { return !records_.empty() && is_within_resolver_arpa(name); }
    /// Of the SVCB records that such a name has: the one name has all, every other one none. They live as long as this.
    std::span<const RecordData> records_of(Bytes name) const;

    static bool is_within_resolver_arpa(Bytes name);

private:
    std::vector<RecordData> records_;
};

}  // namespace dproxy::dns
