// SPDX-License-Identifier: MIT
// Costly pieces of work, one in each round of a loop: what has become ready meanwhile has its turn between them.
#pragma once

#include <deque>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace dproxy::io {

/// Belongs to the thread of its context. Its users bound how much waits.
class OneByOne : public std::enable_shared_from_this<OneByOne> {
public:
    explicit OneByOne(boost::asio::io_context& io) : io_(io) {}

    /// Never runs it within this call. Work that throws is followed by the next.
    void add(std::function<void()> work);

private:
    void post();

    boost::asio::io_context& io_;
    std::deque<std::function<void()>> waiting_;
};

}  // namespace dproxy::io
