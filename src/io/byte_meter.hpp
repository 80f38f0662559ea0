// SPDX-License-Identifier: MIT
// How many bytes the streams of one thread hold for others: what was received of messages that are not whole yet, and
// what their peers have yet to take.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace dproxy::io {

/// One thread.
class ByteMeter {
public:
    void add(std::size_t bytes) { held_ += bytes; }
    void subtract(std::size_t bytes) { held_ -= bytes; }
    std::size_t held() const { return held_; }

private:
    std::size_t held_ = 0;
};

/// What one holder has added to a meter (null: to none). It is subtracted when the holder goes.
class MeteredBytes {
public:
    explicit MeteredBytes(std::shared_ptr<ByteMeter> meter) : meter_(std::move(meter)) {}
    ~MeteredBytes() { set(0); }
    MeteredBytes(const MeteredBytes&) = delete;
    MeteredBytes& operator=(const MeteredBytes&) = delete;

    void set(std::size_t bytes) {
        if (meter_) {
            meter_->add(bytes);
            meter_->subtract(bytes_);
        }
        bytes_ = bytes;
    }
    std::size_t bytes() const { return bytes_; }

private:
    std::shared_ptr<ByteMeter> meter_;
    std::size_t bytes_ = 0;
};

}  // namespace dproxy::io
