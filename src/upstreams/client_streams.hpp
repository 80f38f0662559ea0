// SPDX-License-Identifier: MIT
// The connections towards upstreams that serve one client's TCP connection, so that they end with it.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace dproxy::proxy {

class StreamLink;

/// Of one worker. The streams enter by themselves, and leave when they are closed.
class ClientStreams {
public:
    void add(std::uint32_t client_serial, StreamLink& stream) { streams_.emplace(client_serial, &stream); }

    void remove(std::uint32_t client_serial, StreamLink& stream) {
        const auto [first, last] = streams_.equal_range(client_serial);
        for (auto one = first; one != last; ++one) {
            if (one->second != &stream) continue;
            streams_.erase(one);
            return;
        }
    }

    std::vector<StreamLink*> of(std::uint32_t client_serial) const {
        std::vector<StreamLink*> found;
        const auto [first, last] = streams_.equal_range(client_serial);
        for (auto one = first; one != last; ++one) found.push_back(one->second);
        return found;
    }

private:
    std::unordered_multimap<std::uint32_t, StreamLink*> streams_;  ///< by Client::serial
};

}  // namespace dproxy::proxy
