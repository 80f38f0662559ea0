// SPDX-License-Identifier: MIT
// How the metrics call what a query came by.
// Held by tests/integration/test_metrics_counts.py.
#pragma once

#include "queries/arrival.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

constexpr telemetry::Transport transport_label(Transport transport) {
    switch (transport) {
        case Transport::udp: return telemetry::Transport::udp;
        case Transport::tls: return telemetry::Transport::tls;
        case Transport::https: return telemetry::Transport::https;
        case Transport::http: return telemetry::Transport::http;
        case Transport::tcp: break;
    }
    return telemetry::Transport::tcp;
}

}  // namespace dproxy::proxy
