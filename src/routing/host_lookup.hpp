// SPDX-License-Identifier: MIT
// One round of finding the addresses of a host name: which name is asked next, and what came of it. Answers
// come in, decisions come out: no sockets, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/address_answer.hpp"
#include "dns/name.hpp"
#include "net/address.hpp"

namespace dproxy::routing {

enum class AddressFamily : std::uint8_t { v4, v6 };
inline constexpr std::size_t family_count = 2;

/// What one question to the nameservers came to.
struct QuestionOutcome {
    dns::AddressAnswer answer;  ///< `failed` where no nameserver gave a usable one
    bool silent = false;        ///< with `failed`: at least one did not answer at all
};

/// What a round came to.
struct HostFinding {
    enum class Result : std::uint8_t {
        found,
        absent,  ///< every name was answered: none has an address
        failed,  ///< no nameserver could tell
    };
    Result result = Result::failed;
    dns::Name name;  ///< found: the name that has them
    /// found: those of each family; nothing where its question failed.
    std::array<std::optional<std::vector<net::Address>>, family_count> addresses;
    std::uint32_t ttl = 0;  ///< found: in seconds
    bool silent = false;    ///< failed: nobody answered
};

class HostLookup {
public:
    /// `candidates` are not empty (host_candidates).
    explicit HostLookup(std::vector<dns::Name> candidates) : candidates_(std::move(candidates)) {}

    /// To be asked for now, A and AAAA.
    const dns::Name& name() const { return candidates_[current_]; }

    enum class Step : std::uint8_t {
        wait,      ///< the other family's answer is still to come
        use_half,  ///< the same, and finding() holds what is known without it
        ask_next,  ///< name() is another one
        over,      ///< finding() says what came of it
    };
    /// Each family once for each name. As the C library does, a name that has no address, or whose servers
    /// answer with errors, leads to the next one; silence ends the round.
    Step take(AddressFamily family, QuestionOutcome outcome);
    /// One family is answered, and the other one's answer does not come: there are servers that drop AAAA. Addresses
    /// are used without it; that there is no such name is true of both (RFC 8020 2), where it is said of A: there are
    /// servers that say it of AAAA alone (RFC 4074 4.2).
    Step go_on_without_other();
    /// Exactly one family is answered.
    bool is_half() const { return outcomes_[0].has_value() != outcomes_[1].has_value(); }
    const HostFinding& finding() const { return finding_; }

private:
    Step judge();
    void keep_found();
    bool has(AddressFamily family, dns::AddressFinding finding) const;
    Step next_name();

    std::vector<dns::Name> candidates_;
    std::size_t current_ = 0;
    std::array<std::optional<QuestionOutcome>, family_count> outcomes_;
    bool saw_failure_ = false;
    HostFinding finding_;
};

/// Whether an upstream can be there: not an unspecified, multicast, broadcast or link-local IPv6 address (which
/// would need a zone).
bool can_be_upstream(const net::Address& address);

}  // namespace dproxy::routing
