// SPDX-License-Identifier: MIT
#include "relay/returned_probes.hpp"

#include "queries/limits.hpp"
#include "relay/limits.hpp"

namespace dproxy::proxy {

bool ReturnedProbes::take(dns::Bytes name, const net::Address& peer, std::uint64_t now_ns) {
    const auto number = token_.number_of(name);
    if (!number) return false;
    // Nobody can make one up. Who was sent some may send these as often as he likes, but each is told of once, and for
    // as long as it is waited for: so they do not keep others from being told of.
    std::uint64_t& told = told_[*number % told_.size()];
    if (told == *number || !routing::LoopToken::is_fresh(*number, now_ns)) return true;
    if (now_ns - since_ns_ >= second_ns) {
        since_ns_ = now_ns;
        made_ = 0;
    }
    if (made_ < max_loop_reports) {
        ++made_;
        told = *number;
        reports_.loop_probe_returned(*number, peer);
    }
    return true;
}

}  // namespace dproxy::proxy
