// SPDX-License-Identifier: MIT
// A reply as text, for the verb `ask`.
#pragma once

#include <string>

#include "dns/message.hpp"

namespace dproxy::dns {

/// First `RCODE flags` (`NXDOMAIN qr aa rd`), then a line for each record, in the form of a zone file:
/// `www.example.com. 300 IN A 192.0.2.1`. Sections begin with `;; answer` and the like, the OPT record is
/// a comment with its options' Extended DNS Errors. Types without a form here are written as RFC 3597 5
/// says. Safe on any input: where records cannot be read, the last line says so.
std::string describe_reply(Bytes reply);

}  // namespace dproxy::dns
