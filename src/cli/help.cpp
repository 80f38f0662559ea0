// SPDX-License-Identifier: MIT
#include <algorithm>

#include "cli/verbs.hpp"
#include "config/setting_keys.hpp"

namespace dproxy::cli {
namespace {

constexpr std::string_view usage =
    R"(dproxy routes DNS queries to nameservers, by the name that is asked for.

Usage
  dproxy [serve] [--config FILE] [--KEY VALUE ...]   run
  dproxy check [DIR ...]         validate the main file and the routes
  dproxy explain NAME [TYPE]     which route a name takes, and what lost
  dproxy routes [DIR ...]        all routes, the most specific first
  dproxy healthcheck [URL]       status 0 if the running instance is ready
  dproxy ask NAME [TYPE] [@ADDRESS[:PORT]] [--tcp] [--expect RCODE]
                                 one query; ADDRESS may be a host's name; without it, to the
                                 dproxy of this machine; without :PORT to port 53
  dproxy --help, --version

Options
  --config FILE     the main file; else $DPROXY_CONFIG, else config.gcfg where it exists
  --format json     of check, explain, routes: JSON instead of text
  --admin URL       of explain, routes: ask the running instance at its HTTP address

Exit status: 0 good, 1 faults found, not ready or no answer, 2 usage or start-up error.

Settings, as `key = value` in the section [dproxy] of the main file, as DPROXY_KEY in the
environment or as --key VALUE; the later wins. `dproxy check` says what is wrong with them.
)";

}  // namespace

std::string help_text() {
    std::size_t widest = 0;
    for (const auto& key : config::setting_keys()) widest = std::max(widest, key.name.size());
    std::string text(usage);
    for (const auto& key : config::setting_keys()) {
        text += "  ";
        text += key.name;
        text.append(widest + 2 - key.name.size(), ' ');
        text += key.meaning;
        if (key.default_text != "-") {
            text += " (";
            text += key.default_text;
            text += ")";
        }
        text += "\n";
    }
    return text;
}

std::string version_text() { return "dproxy " DPROXY_VERSION "\n"; }

}  // namespace dproxy::cli
