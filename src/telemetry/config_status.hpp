// SPDX-License-Identifier: MIT
// What the reload thread tells about the configuration: the dproxy_config_* series come from it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dproxy::telemetry {

enum class WatchMode : std::uint8_t { inotify, poll };

struct FileState {
    std::string file;  ///< as the messages write it, `directory/name`
    bool valid = true;
};

/// A certificate that clients are shown.
struct CertificateFact {
    std::string file;    ///< as the settings write it
    bool valid = false;  ///< what its file says now is in force, and its time is now
    std::optional<std::int64_t> expires;  ///< what is in force, in seconds since 1970; nothing: none ever was good
};

/// How one reload went.
struct Reload {
    bool success = false;                        ///< every file is good
    std::chrono::system_clock::time_point time;  ///< its end
    std::chrono::nanoseconds duration{0};
    std::size_t routes = 0;        ///< in force after it
    std::string hash;              ///< of what is in force after it
    std::vector<FileState> files;  ///< all that exist
};

/// Upper bounds of dproxy_config_reload_duration_seconds, in seconds.
inline constexpr std::array<double, 13> reload_bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                      0.25,  0.5,    1,     2.5,  5,     10};

/// A copy of all facts at one time.
struct ConfigFacts {
    Reload last;  ///< all empty before the first
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;
    WatchMode watch = WatchMode::inotify;
    std::vector<CertificateFact> certificates{};
    std::vector<std::string> certificate_faults{};  ///< those that stand, each with its file
    std::array<std::uint64_t, reload_bounds.size() + 1> durations{};  ///< not cumulative; the last is +Inf
    double duration_sum = 0;                                          ///< seconds
};

/// Any thread.
class ConfigStatus {
public:
    void record(Reload reload);
    void set_watch(WatchMode mode);
    void set_certificates(std::vector<CertificateFact> certificates, std::vector<std::string> faults);
    ConfigFacts facts() const;

private:
    mutable std::mutex mutex_;
    ConfigFacts facts_;
};

}  // namespace dproxy::telemetry
