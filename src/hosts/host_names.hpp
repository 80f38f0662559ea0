// SPDX-License-Identifier: MIT
// The host names that routes have as upstreams, and that of a dnstap reader: asks for their addresses, again by their
// TTL, and says when they are others. Belongs to the thread of its context, the one that reloads; only reports() is for
// any thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "hosts/host_reports.hpp"
#include "publication/address_book.hpp"
#include "routing/host_search.hpp"
#include "telemetry/log.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

inline constexpr std::size_t max_host_names = 10'000;   ///< watched; more are never resolved
inline constexpr std::size_t max_lookups_under_way = 32;  ///< names asked for at a time, A and AAAA each
inline constexpr std::uint64_t resolver_settings_age_ns = 1'000'000'000;  ///< then they are read again
/// One family is answered, and the other one is not: used without it after this long.
inline constexpr std::uint64_t family_patience_ns = 200'000'000;
/// Changes of addresses that come together are handed on together: this long after the first of them,
inline constexpr std::uint64_t change_settle_ns = 50'000'000;
/// and this long after the last time.
inline constexpr std::uint64_t change_interval_ns = 500'000'000;

class HostNames {
public:
    /// `read_settings` is called before a round begins, at most once a second. `changed` is called when
    /// addresses() is another than before.
    HostNames(boost::asio::io_context& io, std::function<routing::ResolverSettings()> read_settings,
              telemetry::Log& log, std::function<void()> changed);
    ~HostNames();
    HostNames(const HostNames&) = delete;
    HostNames& operator=(const HostNames&) = delete;

    /// From now on these. New ones are asked for at once, those that stay keep what is known of them.
    void watch(const std::set<std::string>& hosts);
    /// Good until the context runs on.
    const AddressBook& addresses() const;

    /// Any thread.
    const HostReports& reports() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::proxy
