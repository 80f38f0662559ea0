// SPDX-License-Identifier: MIT
#include "upstreams/upstream_handshake.hpp"

#include "queries/handshake_label.hpp"
#include "upstreams/failure.hpp"

namespace dproxy::proxy {

using telemetry::Failure;
using telemetry::Handshake;
using telemetry::Side;

UpstreamHandshake::UpstreamHandshake(telemetry::WorkerCounters& counters, const io::StreamFilter* filter)
    : counters_(counters), filter_(filter), encrypted_(filter != nullptr) {
    if (filter_) counters_.tls_handshaking[Side::upstream].add();
}

void UpstreamHandshake::opened() {
    open_ = true;
    if (!filter_) return;
    counters_.tls_handshaking[Side::upstream].subtract();
    counters_.tls_handshakes[static_cast<std::size_t>(Side::upstream)][Handshake::ok].add();
    if (filter_->is_resumed()) counters_.tls_resumptions[Side::upstream].add();
}

Failure UpstreamHandshake::ended(io::StreamEnd how, std::error_code error, bool connected) {
    if (how == io::StreamEnd::filter) {
        fault_ = "closed: within the handshake";
        would_fail_again_ = filter_->fault() != io::FilterFault::none;
        if (would_fail_again_) {
            fault_ = filter_->fault_word();
            fault_.append(": ").append(filter_->reason());
        }
        if (!open_) end(handshake_label(filter_->fault()));
        filter_ = nullptr;
        return Failure::tls;
    }
    if (open_) return how == io::StreamEnd::bad_length ? Failure::malformed : Failure::closed;
    if (connected && filter_) end(Handshake::closed);
    return failure_of(error.value());
}

void UpstreamHandshake::given_up(bool connected) {
    if (!filter_ || open_) return;
    if (connected) return end(Handshake::timeout);
    counters_.tls_handshaking[Side::upstream].subtract();
    filter_ = nullptr;
}

void UpstreamHandshake::end(Handshake how) {
    counters_.tls_handshaking[Side::upstream].subtract();
    counters_.tls_handshakes[static_cast<std::size_t>(Side::upstream)][how].add();
    filter_ = nullptr;
}

}  // namespace dproxy::proxy
