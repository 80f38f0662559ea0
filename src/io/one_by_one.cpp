// SPDX-License-Identifier: MIT
#include "io/one_by_one.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace dproxy::io {

void OneByOne::add(std::function<void()> work) {
    waiting_.push_back(std::move(work));
    if (waiting_.size() == 1) post();
}

void OneByOne::post() {
    boost::asio::post(io_, [self = shared_from_this()] {
        const auto work = std::move(self->waiting_.front());
        self->waiting_.pop_front();
        if (!self->waiting_.empty()) self->post();  // first: the next comes also where this one throws
        work();
    });
}

}  // namespace dproxy::io
