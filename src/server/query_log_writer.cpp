// SPDX-License-Identifier: MIT
// Held by tests/integration/test_query_log.py.
#include "server/query_log_writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "io/wall_time.hpp"
#include "query_log/limits.hpp"
#include "query_log/line.hpp"
#include "query_log/record.hpp"
#include "telemetry/signal_mask.hpp"

namespace dproxy::server {

namespace {

/// Between looks at the rings, as nobody tells that something lies in one: that would cost every query a system call.
constexpr std::chrono::milliseconds look_interval{20};
/// Of one ring, before the next has its turn.
constexpr int records_in_a_row = 256;

}  // namespace

QueryLogWriter::QueryLogWriter(std::shared_ptr<query_log::Rings> rings, telemetry::Log& log,
                               telemetry::HandlerFailures& failures)
    : rings_(std::move(rings)), log_(log) {
    lines_.reserve(query_log::max_line_bytes);
    thread_ = std::thread([this, &failures] {
        pthread_setname_np(pthread_self(), "query-log");
        telemetry::block_signals();
        failures.run(*this, "query-log");
    });
}

void QueryLogWriter::stop() {
    if (!thread_.joinable()) return;
    rings_->stop();
    thread_.join();
}

void QueryLogWriter::run() {
    for (bool is_last = false; !is_last;) {
        if (!rings_->is_any_in_use()) {
            take_all();
            rings_->wait_for_use();
        }
        std::this_thread::sleep_for(look_interval);
        is_last = rings_->is_stopped();  // first: what was put in before is found then
        take_all();
    }
}

void QueryLogWriter::take_all() {
    for (bool found = true; found;) {
        found = false;
        for (unsigned worker = 0; worker < rings_->workers(); ++worker) {
            query_log::Ring* const ring = rings_->of(worker);
            if (ring != nullptr && !take_some(*ring, found)) return;
        }
    }
    write();
}

bool QueryLogWriter::take_some(query_log::Ring& ring, bool& found) {
    for (int i = 0; i < records_in_a_row; ++i) {
        const auto bytes = ring.front();
        if (bytes.empty()) return true;
        found = true;
        const query_log::Record record = query_log::read(bytes);
        const std::string line = query_log::line_of(record, io::wall_time(record.answered_ns), log_.format());
        ring.pop();
        const bool fits = lines_.size() + line.size() <= query_log::max_line_bytes;
        const bool written = fits || write();
        lines_ += line;
        if (!written) return false;
    }
    return true;
}

bool QueryLogWriter::write() {
    const std::size_t written = log_.write_lines(lines_);
    const auto rest = lines_.begin() + static_cast<std::ptrdiff_t>(written);
    const auto lost = static_cast<std::uint64_t>(std::count(rest, lines_.end(), '\n'));
    lost_.add(lost);
    lines_.clear();
    return lost == 0;
}

}  // namespace dproxy::server
