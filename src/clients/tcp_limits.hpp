// SPDX-License-Identifier: MIT
// How many TCP connections clients may have, in all and each. Shared by the workers, as connections
// are spread over them by chance; asked only when a connection begins or ends.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "net/client_network.hpp"

namespace dproxy::proxy {

/// Any thread. A client is an address of IPv4 or a /64 of IPv6: whoever has one address of that has all of them.
class TcpLimits {
public:
    TcpLimits(std::uint32_t connections, std::uint32_t connections_per_client)
        : most_(connections), most_per_client_(connections_per_client) {}

    enum class Admission : std::uint8_t { admitted, too_many, too_many_of_client };

    /// Who speaks for others may have more than one client's share.
    enum class Share : std::uint8_t { of_one_client, of_many };

    Admission admit(const net::ClientNetwork& client, Share share = Share::of_one_client) {
        const std::lock_guard lock(mutex_);
        const auto held = held_.find(client);
        const bool has_share = held != held_.end() && held->second >= most_per_client_;
        if (has_share && share == Share::of_one_client) return Admission::too_many_of_client;
        if (total_ >= most_) return Admission::too_many;
        ++held_[client];  // at most one entry for each open connection
        ++total_;
        return Admission::admitted;
    }
    void leave(const net::ClientNetwork& client) {
        const std::lock_guard lock(mutex_);
        --total_;
        const auto found = held_.find(client);
        if (--found->second == 0) held_.erase(found);
    }
    std::uint32_t most() const { return most_; }

private:
    const std::uint32_t most_;
    const std::uint32_t most_per_client_;
    std::mutex mutex_;
    std::uint32_t total_ = 0;
    std::map<net::ClientNetwork, std::uint32_t> held_;  ///< ordered: nobody outside chooses what a look costs
};

}  // namespace dproxy::proxy
