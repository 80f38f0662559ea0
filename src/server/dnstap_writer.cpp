// SPDX-License-Identifier: MIT
// Held by tests/integration/test_dnstap.py, tests/integration/test_dnstap_readers.py.
#include "server/dnstap_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>

#include "dnstap/record.hpp"
#include "io/wall_time.hpp"
#include "server/version.hpp"
#include "settings/system_upstreams.hpp"
#include "telemetry/signal_mask.hpp"

namespace dproxy::server {

namespace {

/// Between looks at the rings, as nobody tells that something lies in one: that would cost every query a system call.
constexpr std::chrono::milliseconds look_interval{10};
/// Between tries to reach a reader, and so between lines in the log about one that comes and goes.
constexpr std::chrono::seconds try_interval{1};
/// Of one ring, before the next has its turn; and of all that are written at once.
constexpr std::size_t records_in_a_row = 128;
/// The same in bytes.
constexpr std::size_t bytes_in_a_row = 256 * 1024;

}  // namespace

DnstapWriter::DnstapWriter(std::shared_ptr<query_log::Rings> rings, const std::optional<io::ReaderAddress>& reader,
                           telemetry::Log& log, telemetry::HandlerFailures& failures)
    : rings_(std::move(rings)),
      log_(log),
      form_(config::resolver_environment().host_name, std::string("dproxy ") + version) {
    if (!reader) return;
    stream_.emplace(*reader, std::string(dnstap::content_type), [this] { return rings_->is_stopped(); });
    thread_ = std::thread([this, &failures] {
        pthread_setname_np(pthread_self(), "dnstap");
        telemetry::block_signals();
        failures.run(*this, "dnstap");
    });
}

void DnstapWriter::stop() {
    if (!thread_.joinable()) return;
    rings_->stop();
    thread_.join();
}

void DnstapWriter::run() {
    lost_.add(ends_.size());  // where memory was short
    frames_.clear();
    ends_.clear();
    for (bool is_last = false; !is_last;) {
        std::this_thread::sleep_for(look_interval);
        is_last = rings_->is_stopped();  // first: what was put in before is found then
        if (has_reader()) take_all();
    }
    stream_->close();
}

bool DnstapWriter::has_reader() {
    if (stream_->is_open()) {
        if (stream_->check()) return true;
        tell_gone();
    }
    const Clock::time_point now = Clock::now();
    if (now < next_try_) return false;
    next_try_ = now + try_interval;
    const bool is_open = stream_->open();
    const bool has_told = std::exchange(has_told_, true);
    if (is_open) {
        tell(telemetry::LogLevel::info, "dnstap has a reader");
    } else if (!has_told) {
        tell(telemetry::LogLevel::warning, "dnstap has no reader yet");
    }
    return is_open;
}

void DnstapWriter::tell_gone() { tell(telemetry::LogLevel::warning, "dnstap has lost its reader"); }

void DnstapWriter::tell(telemetry::LogLevel level, std::string_view what) {
    std::vector<telemetry::LogField> fields;
    const std::string reader = stream_->reader().to_string();
    fields.push_back({"reader", reader});
    if (!stream_->fault().empty()) fields.push_back({"reason", stream_->fault()});
    log_.write(level, what, fields);
}

void DnstapWriter::take_all() {
    unix_ns_ = std::chrono::nanoseconds(io::wall_time(0).time_since_epoch()).count();
    for (bool found = true; found;) {
        found = false;
        for (unsigned worker = 0; worker < rings_->workers(); ++worker) {
            query_log::Ring* const ring = rings_->of(worker);
            if (ring != nullptr && !take_some(*ring, found)) return tell_gone();
        }
    }
}

bool DnstapWriter::take_some(query_log::Ring& ring, bool& found) {
    while (ends_.size() < records_in_a_row && frames_.size() < bytes_in_a_row) {
        const auto bytes = ring.front();
        if (bytes.empty()) break;
        found = true;
        form_.append(dnstap::read(bytes), unix_ns_, frames_);
        ends_.push_back(frames_.size());
        ring.pop();
    }
    return write();
}

bool DnstapWriter::write() {
    if (ends_.empty()) return true;
    std::array<iovec, records_in_a_row> parts;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends_.size(); begin = ends_[i++]) parts[i] = {frames_.data() + begin, ends_[i] - begin};
    const bool is_written = stream_->write({parts.data(), ends_.size()});
    if (!is_written) lost_.add(ends_.size());
    frames_.clear();
    ends_.clear();
    return is_written;
}

}  // namespace dproxy::server
