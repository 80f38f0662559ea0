// SPDX-License-Identifier: MIT
// What a verb believes of a server that it asks over TLS or HTTPS, from its options.
#pragma once

#include <memory>
#include <string>

#include "io/stream_filter.hpp"

namespace dproxy::cli {

struct AskEncryption {
    bool https = false;            ///< HTTP/2 is offered (RFC 7301, `h2`), else DNS over TLS (RFC 7858, `dot`)
    bool verify = true;            ///< false: any certificate is taken
    std::string name;              ///< a host, which is sent too (RFC 6066 3), or an address as text: who it is for
    std::string authorities_file;  ///< empty: those of the system
};

struct AskFilter {
    std::unique_ptr<io::StreamFilter> filter{};  ///< of one connection
    std::string fault{};  ///< where there is none: the file, and what is wrong with it; or that TLS is not built in
};

AskFilter ask_filter(const AskEncryption& encryption);

/// Why a filter failed, for people: what the server showed, and what was expected.
std::string fault_of(const io::StreamFilter& filter, const AskEncryption& encryption);

}  // namespace dproxy::cli
