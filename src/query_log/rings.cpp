// SPDX-License-Identifier: MIT
#include "query_log/rings.hpp"

#include <utility>

namespace dproxy::query_log {

Rings::Rings(unsigned workers, std::size_t bytes_of_each)
    : workers_(workers), bytes_of_each_(bytes_of_each), places_(new Place[workers]) {}

Ring& Rings::open(unsigned worker) {
    Place& place = places_[worker];
    if (!place.ring) {
        place.ring = std::make_unique<Ring>(bytes_of_each_);
        place.shared.store(place.ring.get(), std::memory_order_release);
    }
    if (!std::exchange(place.in_use, true)) {
        users_.fetch_add(1);
        users_.notify_all();
    }
    return *place.ring;
}

void Rings::close(unsigned worker) {
    if (std::exchange(places_[worker].in_use, false)) users_.fetch_sub(1);
}

void Rings::wait_for_use() { users_.wait(0); }

void Rings::stop() {
    stopped_.store(true, std::memory_order_release);
    users_.fetch_add(1);
    users_.notify_all();
}

}  // namespace dproxy::query_log
