// SPDX-License-Identifier: MIT
// The routes of a run, drawn and drawn anew: which names go where, and under which settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "publication/publisher.hpp"
#include "simulation/random.hpp"

namespace dproxy::simulation {

class Routes {
public:
    static constexpr std::size_t domains = 6;

    /// `roomy`: no limit is reached. `keeps`: some keep answers, or ask once for several.
    Routes(Random random, std::vector<net::Endpoint> nameservers, bool roomy, bool keeps);

    /// A reload: some routes come, go, or become others.
    void change();
    /// A host name has other addresses.
    void change_hosts();
    std::shared_ptr<const routing::RouteTable> table() const;
    const proxy::AddressBook& hosts() const { return hosts_; }
    std::shared_ptr<const routing::RouteSettings> master();

    /// Of a name to be asked for: a route's, or nobody's.
    std::string draw_domain(Random& random) const;
    /// The longest that a query of any route drawn so far may take.
    std::uint64_t longest_timeout_ns() const { return longest_timeout_ns_; }

private:
    std::shared_ptr<const routing::RouteSettings> draw();
    std::shared_ptr<const routing::RouteSettings> draw_for_some();
    void draw_targets(routing::RouteSettings& settings);
    void draw_limits(routing::RouteSettings& settings);
    void draw_keeping(routing::Keeping& keeping);

    Random random_;
    std::vector<net::Endpoint> nameservers_;
    std::vector<std::shared_ptr<const routing::RouteSettings>> settings_;  ///< of each domain; null: no route
    std::vector<std::shared_ptr<const routing::RouteSettings>> for_some_;  ///< clients or types
    proxy::AddressBook hosts_;
    bool roomy_, keeps_;
    std::uint64_t longest_timeout_ns_ = 0;
};

}  // namespace dproxy::simulation
