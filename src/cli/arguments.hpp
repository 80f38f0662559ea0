// SPDX-License-Identifier: MIT
// The command line, read into a verb and its options. Knows the names of the settings, not
// their values: those are checked together with the other sources.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "import/language.hpp"
#include "routing/route_settings.hpp"
#include "settings/settings_sources.hpp"

namespace dproxy::cli {

enum class Verb : std::uint8_t {
    serve, check, explain, routes, diff, import, healthcheck, wait, flush, top, trace, ask, version, help
};

/// How `ask` asks.
enum class AskTransport : std::uint8_t { udp, tcp, tls, https };
inline bool is_encrypted(AskTransport by) { return by == AskTransport::tls || by == AskTransport::https; }

/// Exit statuses of every verb.
inline constexpr int exit_good = 0;
inline constexpr int exit_faults = 1;  ///< faults found, not ready, not answered, or something is different
inline constexpr int exit_usage = 2;   ///< usage or start-up error, said on standard error

inline constexpr int exit_time_over = 3;  ///< wait: what was waited for has not come

inline constexpr std::chrono::minutes longest_wait{24 * 60};
inline constexpr std::chrono::minutes longest_trace{10};
inline constexpr std::uint16_t ask_default_type = 1;  ///< A

struct Arguments {
    Verb verb = Verb::serve;
    std::optional<std::string> config_file;    ///< `--config`
    std::vector<config::Assignment> settings;  ///< `--KEY VALUE`, in order
    std::vector<std::string> directories;      ///< check, routes: instead of `upstreamlocation`; diff: OLD and NEW
    std::string name;                          ///< explain, ask, trace; flush: empty for all
    std::optional<std::uint16_t> type;         ///< explain, ask
    std::optional<net::Address> client;        ///< explain `--client ADDRESS`
    std::optional<std::string> url;            ///< healthcheck URL; of other verbs `--admin URL`
    bool json = false;                         ///< `--format json`
    bool markdown = false;                     ///< diff `--format markdown`
    std::string file;                          ///< import; wait: the last components of a path at least
    std::string hash;                          ///< wait: in lower case
    std::chrono::milliseconds patience{60'000};  ///< wait
    std::chrono::milliseconds duration{30'000};  ///< trace
    std::optional<routing::Target> server;     ///< ask @ADDRESS or @HOST, the transport's port where none is named
    AskTransport transport = AskTransport::udp;  ///< ask
    std::string path;                          ///< ask `--path`; empty: the usual one
    std::string ca_file;                       ///< ask `--ca`; empty: the system's authorities
    std::string server_name;                   ///< ask `--name`; empty: that of `server`, or its address
    bool insecure = false;                     ///< ask: any certificate is taken
    bool once = false;                         ///< top: print, and end
    std::optional<std::uint8_t> expect;        ///< ask: the rcode
    std::optional<foreign::Language> from;     ///< import `--from LANGUAGE`
    std::optional<std::string> to;             ///< import `--to FILE`
};

struct ParsedArguments {
    Arguments arguments;
    std::string error;  ///< one line for standard error; empty where all is well
};

/// `words` are the arguments without the program's own name.
ParsedArguments parse_arguments(std::span<const std::string> words);

}  // namespace dproxy::cli
