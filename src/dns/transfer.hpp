// SPDX-License-Identifier: MIT
// Where a zone transfer ends. A transfer is many messages on one connection, and only its SOA records
// tell which is the last (AXFR: RFC 5936 2.2; IXFR: RFC 1995 4).
#pragma once

#include <cstdint>
#include <optional>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "dns/query.hpp"

namespace dproxy::dns {

/// Follows one transfer. It judges nothing but where the end is: what the client makes of the zone is the
/// client's. Keeps serials and a state, no messages. One connection, one thread.
class TransferProgress {
public:
    enum class Step : std::uint8_t {
        more,       ///< to be relayed; further messages follow
        done,       ///< to be relayed; it is the last
        malformed,  ///< cannot be read, or does not begin with a SOA: no end can be told
    };

    /// `query` is the client's message of type AXFR or IXFR, `question` its question. The serial that an
    /// IXFR client has is read from it.
    TransferProgress(Bytes query, const Question& question);

    /// Takes the next message in order. Each was checked by check_reply. After `done` or `malformed`
    /// nothing is to be fed.
    Step feed(Bytes message);

private:
    enum class State : std::uint8_t {
        first_soa,   ///< nothing read yet
        second,      ///< the opening SOA was read: what follows tells the form
        whole_zone,  ///< AXFR, or an IXFR answered in its style: until the next SOA
        deletions,   ///< of a difference sequence: until the SOA of the newer version
        additions,   ///< until the SOA of the next sequence, or the closing one
        closed,
    };

    /// One record of the answer section; false where it cannot stand there.
    bool take(std::optional<std::uint32_t> soa_serial);
    bool client_is_current() const;

    Name zone_;  ///< whose SOA records count
    State state_ = State::first_soa;
    bool incremental_ = false;
    std::uint32_t final_serial_ = 0;
    std::optional<std::uint32_t> client_serial_;
};

}  // namespace dproxy::dns
