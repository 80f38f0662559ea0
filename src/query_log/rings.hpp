// SPDX-License-Identifier: MIT
// A ring for each worker, and one thread that reads them all.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "query_log/limits.hpp"
#include "query_log/ring.hpp"

namespace dproxy::query_log {

/// Owned by all who use it.
class Rings {
public:
    explicit Rings(unsigned workers, std::size_t bytes_of_each = ring_bytes);

    // The worker of that number, at a reload.

    /// Its ring, from now on in use. The memory is taken at the first time, and kept.
    Ring& open(unsigned worker);
    /// It is not in use from now on; what lies in it is read yet. Nothing happens where it was not open.
    void close(unsigned worker);

    // The thread that reads.

    /// Where none is, all that was ever written can be read now.
    bool is_any_in_use() const { return users_.load() != 0; }
    /// Returns once any ring is in use, or at stop().
    void wait_for_use();
    unsigned workers() const { return workers_; }
    /// Null where the worker never had one.
    Ring* of(unsigned worker) { return places_[worker].shared.load(std::memory_order_acquire); }
    bool is_stopped() const { return stopped_.load(std::memory_order_acquire); }

    /// Any thread, when the workers have ended.
    void stop();

private:
    struct Place {
        std::unique_ptr<Ring> ring;         ///< the worker's
        bool in_use = false;                ///< the worker's
        std::atomic<Ring*> shared{nullptr};
    };

    unsigned workers_;
    std::size_t bytes_of_each_;
    std::unique_ptr<Place[]> places_;
    std::atomic<std::uint32_t> users_{0};  ///< rings in use; one more from stop() on
    std::atomic<bool> stopped_{false};
};

}  // namespace dproxy::query_log
