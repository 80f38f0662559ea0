// SPDX-License-Identifier: MIT
#include "http/preface.hpp"

#include <algorithm>

namespace dproxy::http {

Protocol protocol_of(dns::Bytes beginning) {
    const std::size_t compared = std::min(beginning.size(), http2_preface.size());
    if (!std::equal(beginning.begin(), beginning.begin() + static_cast<std::ptrdiff_t>(compared),
                    http2_preface.begin())) {
        return Protocol::http1;
    }
    return compared == http2_preface.size() ? Protocol::http2 : Protocol::unknown;
}

}  // namespace dproxy::http
