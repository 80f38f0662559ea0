// SPDX-License-Identifier: MIT
// How many TCP connections clients may have, in all and each. Shared by the workers, as connections
// are spread over them by chance; asked only when a connection begins or ends.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "net/address.hpp"

namespace dproxy::proxy {

/// Any thread.
class TcpLimits {
public:
    TcpLimits(std::uint32_t connections, std::uint32_t connections_per_client)
        : most_(connections), most_per_client_(connections_per_client) {}

    enum class Admission : std::uint8_t { admitted, too_many, too_many_of_client };

    Admission admit(const net::Address& client) {
        const std::lock_guard lock(mutex_);
        if (total_ >= most_) return Admission::too_many;
        std::uint32_t& held = held_[client];  // at most one entry for each open connection
        if (held >= most_per_client_) return Admission::too_many_of_client;
        ++held;
        ++total_;
        return Admission::admitted;
    }
    void leave(const net::Address& client) {
        const std::lock_guard lock(mutex_);
        --total_;
        const auto found = held_.find(client);
        if (--found->second == 0) held_.erase(found);
    }

private:
    const std::uint32_t most_;
    const std::uint32_t most_per_client_;
    std::mutex mutex_;
    std::uint32_t total_ = 0;
    std::unordered_map<net::Address, std::uint32_t> held_;
};

}  // namespace dproxy::proxy
