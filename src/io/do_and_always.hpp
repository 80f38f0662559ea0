// SPDX-License-Identifier: MIT
// A chain of handlers, each of which asks for the next, must not break where one of them fails.
#pragma once

namespace dproxy::io {

/// Does `work`, and then `last`, also where `work` fails: for a chain of handlers that must not break. `last` itself
/// must not fail.
template <typename Work, typename Last>
void do_and_always(const Work& work, const Last& last) {
    try {
        work();
    } catch (...) {
        last();
        throw;
    }
    last();
}

}  // namespace dproxy::io
