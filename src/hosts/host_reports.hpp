// SPDX-License-Identifier: MIT
// What is known of host names, written by the thread that resolves them, for all others.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "routing/host_addresses.hpp"

namespace dproxy::proxy {

/// What is known of one host name.
struct HostReport {
    std::string host;
    routing::HostAddresses::State state = routing::HostAddresses::State::unresolved;
    std::vector<net::Address> addresses;
    std::string found_as;  ///< the name that has them, with the domain of the search list
    std::string fault;     ///< why the last round brought nothing; empty where it did, and before the first has ended
};

/// Any thread.
class HostReports {
public:
    /// From now on these; what is known of those that stay is kept.
    void watch(const std::set<std::string>& hosts);
    /// Of one of them.
    void put(HostReport report);

    /// In the order of the names.
    std::vector<HostReport> all() const;
    /// One that is not watched is one too many: so its fault says.
    HostReport of(const std::string& host) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, HostReport> reports_;
};

}  // namespace dproxy::proxy
