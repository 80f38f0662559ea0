// SPDX-License-Identifier: MIT
// The handshake of one connection towards an upstream: counted when it ends, and why it failed.
#pragma once

#include <string>
#include <system_error>

#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "telemetry/counters.hpp"

namespace dproxy::proxy {

/// One thread. Of a connection that is not encrypted it knows how that ended, and counts nothing.
class UpstreamHandshake {
public:
    /// `filter`: the connection's, which lives until one of the ends was told; null where it is not encrypted.
    UpstreamHandshake(telemetry::WorkerCounters& counters, const io::StreamFilter* filter);
    ~UpstreamHandshake() { given_up(false); }
    UpstreamHandshake(const UpstreamHandshake&) = delete;
    UpstreamHandshake& operator=(const UpstreamHandshake&) = delete;

    void opened();
    bool is_open() const { return open_; }
    bool is_encrypted() const { return encrypted_; }
    /// The connection has ended: why what waits for it has failed. `connected`: the system had connected it.
    telemetry::Failure ended(io::StreamEnd how, std::error_code error, bool connected);
    /// It is closed by us, perhaps before it was open.
    void given_up(bool connected);
    /// The same would become of the next one: it is not that the peer just left.
    bool would_fail_again() const { return would_fail_again_; }
    /// After Failure::tls: the reason, for people, a word first: `expired: ...`.
    const std::string& fault() const { return fault_; }

private:
    void end(telemetry::Handshake how);

    telemetry::WorkerCounters& counters_;
    const io::StreamFilter* filter_;  ///< null once its end is counted
    const bool encrypted_;
    bool open_ = false;
    bool would_fail_again_ = false;
    std::string fault_;
};

}  // namespace dproxy::proxy
