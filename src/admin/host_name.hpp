// SPDX-License-Identifier: MIT
// By which names the HTTP side may be asked. A page of another site that has its own name lead here (DNS rebinding)
// makes a browser ask for ours by that name: it must not get them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dproxy::admin {

enum class HostVerdict : std::uint8_t {
    own,
    foreign,    ///< a name that somebody outside can have
    malformed,  ///< no host, or no port after its colon (RFC 9110 4.2.1, RFC 9112 3.2)
};

/// `host` is the value of the field Host or the authority of an absolute target: a name or an address, perhaps with a
/// port, in any case, perhaps with a dot at its end. Addresses are nobody's name; neither are `localhost`, a single
/// label, and what ends in `.svc` or `.cluster.local`, as no public name does. `names`: in lower case, as many as the
/// operator has given.
HostVerdict judge_host(std::string_view host, std::span<const std::string> names);

}  // namespace dproxy::admin
