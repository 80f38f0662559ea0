// SPDX-License-Identifier: MIT
#include "telemetry/config_status.hpp"

#include <algorithm>
#include <utility>

namespace dproxy::telemetry {

void ConfigStatus::record(Reload reload) {
    const double seconds = std::chrono::duration<double>(reload.duration).count();
    const auto bound = std::lower_bound(reload_bounds.begin(), reload_bounds.end(), seconds);
    const auto bucket = static_cast<std::size_t>(bound - reload_bounds.begin());

    const std::lock_guard lock(mutex_);
    ++(reload.success ? facts_.successes : facts_.failures);
    ++facts_.durations[bucket];
    facts_.duration_sum += seconds;
    facts_.last = std::move(reload);
}

void ConfigStatus::set_watch(WatchMode mode) {
    const std::lock_guard lock(mutex_);
    facts_.watch = mode;
}

void ConfigStatus::set_certificates(std::vector<CertificateFact> certificates, std::vector<std::string> faults) {
    const std::lock_guard lock(mutex_);
    facts_.certificates = std::move(certificates);
    facts_.certificate_faults = std::move(faults);
}

ConfigFacts ConfigStatus::facts() const {
    const std::lock_guard lock(mutex_);
    return facts_;
}

}  // namespace dproxy::telemetry
