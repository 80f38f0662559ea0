// SPDX-License-Identifier: MIT
// Addresses of routes that are no upstreams, because dproxy itself is reached there: for the log, each once, and for
// /status. Belongs to the thread that reloads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "publication/publisher.hpp"
#include "telemetry/log.hpp"

namespace dproxy::server {

struct LeftOutReport {
    std::string address;
    std::string host;   ///< the name that led to it; empty where the address is written in the route
    std::string route;  ///< one that has it, as the section is written; `(master)`
    std::string file;   ///< where that stands; empty for the master upstream
    std::uint32_t line = 0;
};

/// In the log, at one time; the rest is counted.
inline constexpr std::size_t max_left_out_told = 100;

class LeftOutList {
public:
    using Reports = std::shared_ptr<const std::vector<LeftOutReport>>;

    /// Tells what was not so before. Walks the table only where there is something new to tell.
    void update(const std::vector<proxy::LeftOut>& left_out, const routing::RouteTable& table, telemetry::Log& log);
    const Reports& reports() const { return reports_; }  ///< immutable, never null

private:
    using Key = std::tuple<const routing::RouteSettings*, net::Endpoint, std::string>;
    /// With the settings, so that no other ones come to lie at their address.
    struct Entry {
        std::shared_ptr<const routing::RouteSettings> settings;
        LeftOutReport report;
    };
    std::map<Key, Entry> entries_;
    Reports reports_ = std::make_shared<const std::vector<LeftOutReport>>();
};

}  // namespace dproxy::server
