// SPDX-License-Identifier: MIT
// Where dproxy itself can be reached: an upstream there would send it its own queries.
#pragma once

#include <vector>

#include "net/address.hpp"

namespace dproxy::net {

/// A value; whoever made it says as of when.
struct OwnAddresses {
    std::vector<Endpoint> listen;  ///< an unspecified address stands for all of `local` and for loopback, of its family
    std::vector<Address> local;    ///< of this machine's interfaces, as far as they are known

    /// Whether a message sent to `endpoint` comes back to dproxy. To the kernel an unspecified address as the
    /// destination is this host.
    bool contains(const Endpoint& endpoint) const;
};

}  // namespace dproxy::net
