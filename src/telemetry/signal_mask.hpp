// SPDX-License-Identifier: MIT
// Signals are for the threads that the program chose for them; every other one begins by this.
// Held by tests/integration/test_shutdown.py.
#pragma once

#include <signal.h>

namespace dproxy::telemetry {

/// Of the thread that calls it, for good.
inline void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace dproxy::telemetry
