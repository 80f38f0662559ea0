// SPDX-License-Identifier: MIT
// "This descriptor can be read": Asio says when, the owner reads by itself, in batches.
#pragma once

#include <functional>
#include <memory>
#include <system_error>

#include "io/fd.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

/// Owns a descriptor and calls `readable` each time there is something to read, on the context's thread.
/// The call is repeated for as long as data is left. No call comes after the destructor, which may run
/// inside the call. Nothing is allocated for a wait. A call that throws is followed by the next.
class Readiness {
public:
    /// `error` says why nothing will come: the descriptor is closed then.
    Readiness(boost::asio::io_context& context, Fd fd, std::function<void()> readable, std::error_code& error);
    /// For the time before the server runs: throws.
    Readiness(boost::asio::io_context& context, Fd fd, std::function<void()> readable);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    int fd() const;  ///< below 0 where it was not to be had
    /// No more calls until resume(); the descriptor stays open until the destructor.
    void pause();
    void resume();
    /// The descriptor, for somebody else: no call comes any more.
    Fd release();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace dproxy::io
