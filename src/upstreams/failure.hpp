// SPDX-License-Identifier: MIT
// What an error of the system means for an attempt.
#pragma once

#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// The reason under which an errno of the network counts.
telemetry::Failure failure_of(int error);

}  // namespace dproxy::proxy
