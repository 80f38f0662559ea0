// SPDX-License-Identifier: MIT
// dnstap's own thread: takes the messages that workers left in their rings and writes them to a reader. Where there is
// none, or it is slow, the rings fill, and what has no room is lost and counted; workers never wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "dnstap/frame.hpp"
#include "hosts/host_reports.hpp"
#include "io/frame_stream.hpp"
#include "query_log/rings.hpp"
#include "server/reader_search.hpp"
#include "telemetry/counters.hpp"
#include "telemetry/handler_failures.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

class DnstapWriter {
public:
    /// What is known of a host name; any thread may ask.
    using HostOf = std::function<proxy::HostReport(const std::string& host)>;

    /// `reader`: none: it is off, and has no thread. `rings`: null where it is off. `log` and `failures` outlive it.
    DnstapWriter(std::shared_ptr<query_log::Rings> rings, const std::optional<io::ReaderAddress>& reader,
                 telemetry::Log& log, telemetry::HandlerFailures& failures);
    ~DnstapWriter() { stop(); }
    DnstapWriter(const DnstapWriter&) = delete;
    DnstapWriter& operator=(const DnstapWriter&) = delete;

    /// `host_of` is asked until it is stopped.
    void start(HostOf host_of);
    /// When the workers have ended: writes what they left, as far as the reader takes it at once.
    void stop();
    /// Any thread: messages that were taken out of a ring, and perhaps never arrived.
    const telemetry::Counter& lost() const { return lost_; }

    /// Its thread's loop.
    void run();

private:
    using Clock = std::chrono::steady_clock;

    /// Whether there is a reader now. Looks for one where there is none.
    bool has_reader();
    /// Whether its name does not lead to it any more: it is left then.
    bool has_moved();
    bool look_for_reader();
    void tell_gone();
    void tell(telemetry::LogLevel level, std::string_view what);
    void take_all();
    /// False when the reader is gone.
    bool take_some(query_log::Ring& ring, bool& found);
    bool write();

    std::shared_ptr<query_log::Rings> rings_;
    telemetry::Log& log_;
    telemetry::HandlerFailures& failures_;
    telemetry::Counter lost_;
    dnstap::FrameForm form_;
    std::vector<std::uint8_t> frames_;  ///< not yet written, one behind the other
    std::vector<std::size_t> ends_;     ///< of each of them
    std::int64_t unix_ns_ = 0;          ///< see FrameForm
    std::optional<io::FrameStream> stream_;
    std::optional<ReaderSearch> search_;
    HostOf host_of_;
    std::optional<io::ReaderAddress> place_;  ///< where it is, or was looked for last
    Clock::time_point next_try_{};
    Clock::time_point next_look_{};  ///< at its host name, while there is a reader
    bool has_told_ = false;  ///< that there is no reader
    std::thread thread_;
};

}  // namespace dproxy::server
