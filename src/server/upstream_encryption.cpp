// SPDX-License-Identifier: MIT
// Held by tests/integration/test_tls_upstreams.py.
#include "server/upstream_encryption.hpp"

#include "certificates/upstream_encryption.hpp"

namespace dproxy::server {

UpstreamEncryption upstream_encryption() {
    const auto encryption = std::make_shared<const certificates::UpstreamEncryption>();
    return {encryption, [encryption](const routing::UpstreamKey& upstream) { return encryption->filters(upstream); }};
}

}  // namespace dproxy::server
