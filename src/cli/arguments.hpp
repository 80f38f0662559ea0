// SPDX-License-Identifier: MIT
// The command line (DESIGN 3.1), read into a verb and its options. Knows the names of the settings, not
// their values: those are checked together with the other sources.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_sources.hpp"
#include "routing/route_settings.hpp"

namespace dproxy::cli {

enum class Verb : std::uint8_t { serve, check, explain, routes, healthcheck, ask, version, help };

/// Exit statuses of every verb.
inline constexpr int exit_good = 0;
inline constexpr int exit_faults = 1;  ///< faults found, or not ready, or not answered
inline constexpr int exit_usage = 2;   ///< usage or start-up error, said on standard error

inline constexpr std::uint16_t ask_default_type = 1;  ///< A

struct Arguments {
    Verb verb = Verb::serve;
    std::optional<std::string> config_file;    ///< `--config`
    std::vector<config::Assignment> settings;  ///< `--KEY VALUE`, in order
    std::vector<std::string> directories;      ///< check, routes: instead of `upstreamlocation`
    std::string name;                          ///< explain, ask
    std::optional<std::uint16_t> type;         ///< explain, ask
    std::optional<std::string> url;            ///< healthcheck URL; explain and routes `--admin URL`
    bool json = false;                         ///< `--format json`
    std::optional<routing::Target> server;     ///< ask @ADDRESS or @HOST, port 53 where none is named
    bool tcp = false;                          ///< ask
    std::optional<std::uint8_t> expect;        ///< ask: the rcode
};

struct ParsedArguments {
    Arguments arguments;
    std::string error;  ///< one line for standard error; empty where all is well
};

/// `words` are the arguments without the program's own name.
ParsedArguments parse_arguments(std::span<const std::string> words);

}  // namespace dproxy::cli
