// SPDX-License-Identifier: MIT
#include "hosts/host_reports.hpp"

#include <utility>

namespace dproxy::proxy {

void HostReports::watch(const std::set<std::string>& hosts) {
    const std::lock_guard lock(mutex_);
    std::erase_if(reports_, [&](const auto& one) { return !hosts.contains(one.first); });
    for (const std::string& host : hosts) reports_[host].host = host;
}

void HostReports::put(HostReport report) {
    const std::lock_guard lock(mutex_);
    HostReport& place = reports_[report.host];
    place = std::move(report);
}

std::vector<HostReport> HostReports::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<HostReport> reports;
    reports.reserve(reports_.size());
    for (const auto& [name, report] : reports_) reports.push_back(report);
    return reports;
}

HostReport HostReports::of(const std::string& host) const {
    const std::lock_guard lock(mutex_);
    const auto known = reports_.find(host);
    if (known != reports_.end()) return known->second;
    HostReport left_out;
    left_out.host = host;
    left_out.fault = "there are too many host names: it is not resolved";
    return left_out;
}

}  // namespace dproxy::proxy
