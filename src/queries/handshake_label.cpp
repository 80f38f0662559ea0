// SPDX-License-Identifier: MIT
#include "queries/handshake_label.hpp"

namespace dproxy::proxy {

using telemetry::Handshake;

Handshake handshake_label(io::FilterFault fault) {
    switch (fault) {
        case io::FilterFault::none: return Handshake::closed;
        case io::FilterFault::peer_certificate: return Handshake::peer_certificate;
        case io::FilterFault::no_certificate: return Handshake::no_certificate;
        case io::FilterFault::agreement: return Handshake::agreement;
        case io::FilterFault::malformed: return Handshake::malformed;
        case io::FilterFault::alert: return Handshake::alert;
        case io::FilterFault::flood: break;
    }
    return Handshake::flood;
}

}  // namespace dproxy::proxy
