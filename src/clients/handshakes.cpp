// SPDX-License-Identifier: MIT
#include "clients/handshakes.hpp"

#include "clients/limits.hpp"

namespace dproxy::proxy {

using telemetry::Handshake;
using telemetry::Side;

Handshakes::Admission Handshakes::admit(const net::ClientNetwork& client) {
    const auto held = of_client_.find(client);
    if (held != of_client_.end() && held->second >= most_handshakes_of_client) return Admission::too_many_of_client;
    if (under_way_ >= most_handshakes) return Admission::too_many;
    ++of_client_[client];
    ++under_way_;
    counters_.tls_handshaking[Side::client].set(under_way_);
    return Admission::admitted;
}

void Handshakes::end(const net::ClientNetwork& client, Handshake how) {
    --under_way_;
    const auto held = of_client_.find(client);
    if (--held->second == 0) of_client_.erase(held);
    counters_.tls_handshaking[Side::client].set(under_way_);
    count(how);
}

}  // namespace dproxy::proxy
