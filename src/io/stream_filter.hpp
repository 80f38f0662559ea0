// SPDX-License-Identifier: MIT
// What stands between the bytes of a connection and the bytes that its owner means: TLS. Bytes go in and come out; it
// knows no socket and no clock.
// Held by tests/unit/io/filtered_stream_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "dns/message.hpp"

namespace dproxy::io {

/// Why a filter failed, in kinds that are counted.
enum class FilterFault : std::uint8_t {
    none,
    peer_certificate,  ///< the peer shows none, or one that is not good here
    no_certificate,    ///< there is none to show to the peer
    agreement,         ///< no version, cipher or protocol that both take
    malformed,         ///< what came is against the rules
    alert,             ///< the peer ended it, and said why
    flood,             ///< too much that is no data
};

/// One thread. Hostile bytes end it in State::failed, nothing throws but for want of memory.
class StreamFilter {
public:
    enum class State : std::uint8_t {
        opening,  ///< the peers still agree on how: nothing can be written yet
        open,
        ended,   ///< the peer said that it sends nothing more; it may still be written to
        failed,  ///< for good; what fetch() gives yet (an alert) is still to be sent
    };

    virtual ~StreamFilter() = default;

    /// What came from the peer, in any pieces. All of it is taken.
    virtual void take(dns::Bytes from_peer) = 0;
    /// What the peer means, as much as there is room for; 0: nothing more for now. To be asked after each take().
    virtual std::size_t read(dns::MutableBytes room) = 0;
    /// Only while open or ended.
    virtual void write(dns::Bytes meant) = 0;
    /// Nothing more will be written: the peer is told.
    virtual void finish() = 0;
    /// What is to go to the peer is appended, and forgotten here. To be asked after each of the above, and at first.
    virtual void fetch(std::vector<std::uint8_t>& to_peer) = 0;
    virtual State state() const = 0;
    virtual FilterFault fault() const = 0;
    /// The kind of it in a word: `name`, `authority`, `expired`; `none` where there is none.
    virtual std::string_view fault_word() const = 0;
    /// Why it failed, for people; empty where it did not. Holds nothing that the peer chose.
    virtual std::string_view reason() const = 0;
    /// Once it is open: it goes on from an earlier connection, which spared the costly part.
    virtual bool is_resumed() const = 0;
    /// Once it is open: what it was agreed to carry (`h2`, RFC 7301); empty: nothing was agreed on.
    virtual std::string_view protocol() const = 0;
    /// Memory that it takes, about.
    virtual std::size_t held_bytes() const = 0;
};

/// What filters of accepted connections are made of: immutable, any thread.
class FilterSource {
public:
    virtual ~FilterSource() = default;
    virtual std::unique_ptr<StreamFilter> make() const = 0;
};

/// By what connections carry; null: such are refused.
struct FilterSources {
    std::shared_ptr<const FilterSource> of_messages{};  ///< each behind its length
    std::shared_ptr<const FilterSource> of_http{};
};

/// Makes those of connections to one peer. One thread: it remembers what a later one goes on from.
class PeerFilters {
public:
    virtual ~PeerFilters() = default;
    virtual std::unique_ptr<StreamFilter> make() = 0;
};

/// What these are made of: immutable, any thread.
class PeerFilterSource {
public:
    virtual ~PeerFilterSource() = default;
    virtual std::unique_ptr<PeerFilters> on_this_thread() const = 0;
};

}  // namespace dproxy::io
