// SPDX-License-Identifier: MIT
// How the metrics call the end of a handshake, of either side.
#pragma once

#include "io/stream_filter.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// `none`: the peer closed the connection, and that is all that is known.
telemetry::Handshake handshake_label(io::FilterFault fault);

}  // namespace dproxy::proxy
