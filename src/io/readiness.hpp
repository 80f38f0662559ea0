// SPDX-License-Identifier: MIT
// "This descriptor can be read": Asio says when, the owner reads by itself, in batches.
#pragma once

#include <functional>
#include <memory>

#include "io/fd.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

/// Owns a descriptor and calls `readable` each time there is something to read, on the context's thread.
/// The call is repeated for as long as data is left. No call comes after the destructor, which may run
/// inside the call. Nothing is allocated for a wait.
class Readiness {
public:
    Readiness(boost::asio::io_context& context, Fd fd, std::function<void()> readable);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    int fd() const;
    /// No more calls; the descriptor stays open until the destructor.
    void pause();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace dproxy::io
