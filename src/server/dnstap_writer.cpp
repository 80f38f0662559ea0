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
/// Between tries to reach a reader at all its addresses, and so between lines in the log about one that comes and goes;
/// between looks at whether its host name still leads to the one that there is.
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
      failures_(failures),
      form_(config::resolver_environment().host_name, std::string("dproxy ") + version) {
    if (!reader) return;
    stream_.emplace(std::string(dnstap::content_type), [this] { return rings_->is_stopped(); });
    search_.emplace(*reader);
}

void DnstapWriter::start(HostOf host_of) {
    if (!stream_) return;
    host_of_ = std::move(host_of);
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "dnstap");
        telemetry::block_signals();
        failures_.run(*this, "dnstap");
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
        if (!stream_->check()) {
            tell_gone();
        } else if (!has_moved()) {
            return true;
        }
    }
    return look_for_reader();
}

bool DnstapWriter::has_moved() {
    const Clock::time_point now = Clock::now();
    const std::string& host = search_->reader().host;
    if (host.empty() || now < next_look_) return false;
    next_look_ = now + try_interval;
    search_->learn(host_of_(host));
    if (search_->leads_to(*place_)) return false;
    stream_->close();
    tell(telemetry::LogLevel::info, "dnstap leaves its reader: its name leads elsewhere");
    return true;
}

bool DnstapWriter::look_for_reader() {
    const Clock::time_point now = Clock::now();
    if (now < next_try_) return false;
    const std::string& host = search_->reader().host;
    if (!host.empty()) search_->learn(host_of_(host));
    place_ = search_->next();
    if (!place_ && search_->fault().empty()) return false;  // it will be known soon
    const bool is_open = place_ && stream_->open(*place_);
    if (place_ && !is_open && !search_->is_through()) return false;  // the next one without a pause
    search_->begin_again();
    next_try_ = now + try_interval;
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
    const io::ReaderAddress& reader = search_->reader();
    const std::string name = reader.to_string();
    const std::string address = place_ ? place_->endpoint.to_string() : std::string();
    const std::string& reason = place_ ? stream_->fault() : search_->fault();
    fields.push_back({"reader", name});
    if (!reader.host.empty() && place_) fields.push_back({"address", address});
    if (!reason.empty()) fields.push_back({"reason", reason});
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
