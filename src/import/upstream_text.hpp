// SPDX-License-Identifier: MIT
// Upstreams as other servers write them, as `address` wants them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dproxy::foreign {

/// `192.0.2.1`, `192.0.2.1:5300`, `[2001:db8::1]:5300`, `ns.example:5300`: of an address or a host name, and a port
/// that may be empty. Nothing where they are none.
std::optional<std::string> upstream_text(std::string_view host, std::string_view port);

/// The text in front of the first of these signs, and what follows it; the whole and nothing where there is none.
struct Cut {
    std::string_view before;
    std::string_view after;
};
Cut cut_at(std::string_view text, char sign);

}  // namespace dproxy::foreign
