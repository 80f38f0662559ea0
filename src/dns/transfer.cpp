// SPDX-License-Identifier: MIT
#include "dns/transfer.hpp"

#include <cassert>

#include "dns/record.hpp"

namespace dproxy::dns {
namespace {

/// SERIAL stands behind MNAME and RNAME, which may be compressed (RFC 1035 3.3.13).
std::optional<std::uint32_t> read_soa_serial(Bytes message, const Record& record) {
    const Bytes up_to_end = message.first(record.end);
    std::size_t at = record.data;
    if (!skip_name(up_to_end, at) || !skip_name(up_to_end, at) || up_to_end.size() - at != 5 * 4) return std::nullopt;
    return std::uint32_t{read_u16(message.data() + at)} << 16 | read_u16(message.data() + at + 2);
}

/// RFC 1982 3.2: serials are compared on a circle.
bool is_newer(std::uint32_t serial, std::uint32_t than) { return static_cast<std::int32_t>(serial - than) > 0; }

}  // namespace

TransferProgress::TransferProgress(Bytes query, const Question& question)
    : incremental_(question.type == type::ixfr) {
    std::size_t at = header_length;
    if (const auto name = Name::read(query, at)) zone_ = *name;
    at = question.end;
    Record record;
    for (unsigned left = unsigned{answer_count(query)} + authority_count(query); incremental_ && left != 0; --left) {
        if (!read_record(query, at, record)) return;
        if (record.type == type::soa) client_serial_ = read_soa_serial(query, record);
    }
}

TransferProgress::Step TransferProgress::feed(Bytes message) {
    assert(state_ != State::closed);
    if (message.size() < header_length) return Step::malformed;
    if (static_cast<Rcode>(rcode_of(message)) != Rcode::noerror) {
        state_ = State::closed;
        return Step::done;
    }
    std::size_t at = header_length;
    if (question_count(message) > 1 || !skip_questions(message, at)) return Step::malformed;
    // No answer at all to begin with: the server has said what it has to say, and it is no transfer.
    if (state_ == State::first_soa && answer_count(message) == 0) state_ = State::closed;
    for (unsigned left = answer_count(message); left != 0 && state_ != State::closed; --left) {
        Record record;
        if (!read_record(message, at, record)) return Step::malformed;
        std::optional<std::uint32_t> serial;
        if (record.type == type::soa) {
            // A SOA below the zone, as some servers let one stand, is a record like any other.
            std::size_t owner_at = record.begin;
            const auto owner = Name::read(message, owner_at);
            if (!owner) return Step::malformed;
            if (equal_ignoring_case(owner->wire(), zone_.wire())) {
                serial = read_soa_serial(message, record);
                if (!serial) return Step::malformed;
            }
        }
        if (!take(serial)) return Step::malformed;
    }
    // A single SOA may be the whole answer to IXFR, or the first record of a server that sends one a
    // message. Only the serials tell: nothing is newer than what the client has, so nothing follows.
    if (state_ == State::second && incremental_ && client_is_current()) state_ = State::closed;
    return state_ == State::closed ? Step::done : Step::more;
}

bool TransferProgress::take(std::optional<std::uint32_t> soa_serial) {
    switch (state_) {
        case State::first_soa:
            if (!soa_serial) return false;
            final_serial_ = *soa_serial;
            state_ = State::second;
            break;
        case State::second:
            if (!soa_serial)
                state_ = State::whole_zone;
            else  // a zone of nothing but its SOA, or the version that the first differences start from
                state_ = !incremental_ || *soa_serial == final_serial_ ? State::closed : State::deletions;
            break;
        case State::whole_zone:
            if (soa_serial) state_ = State::closed;
            break;
        case State::deletions:
            if (soa_serial) state_ = State::additions;
            break;
        case State::additions:
            if (soa_serial) state_ = *soa_serial == final_serial_ ? State::closed : State::deletions;
            break;
        case State::closed: break;
    }
    return true;
}

bool TransferProgress::client_is_current() const {
    return client_serial_ && !is_newer(final_serial_, *client_serial_);
}

}  // namespace dproxy::dns
