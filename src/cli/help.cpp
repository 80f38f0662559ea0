// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/verbs_test.cpp.
#include <algorithm>

#include "cli/verbs.hpp"
#include "settings/setting_keys.hpp"

namespace dproxy::cli {
namespace {

constexpr std::string_view usage =
    R"(dproxy routes DNS queries to nameservers, by the name that is asked for.

Usage
  dproxy [serve] [--config FILE] [--KEY VALUE ...]   run
  dproxy check [DIR ...]         validate the main file and the routes
  dproxy explain NAME [TYPE] [--client ADDRESS]
                                 which route a query takes, and what lost
  dproxy routes [DIR ...]        all routes, the most specific first
  dproxy diff OLD NEW            which names go elsewhere with NEW, two directories; with --admin URL
                                 the running instance in place of OLD
  dproxy import FILE [--from corefile|dnsmasq|unbound|bind] [--to FILE]
                                 the configuration of another server as a route file on standard
                                 output or in FILE, with lists beside it where it would be too large,
                                 and what has no counterpart on standard error
  dproxy wait --file NAME --hash HASH [--for 60s]
                                 until every worker of the running instance goes by that content of
                                 the file; HASH is what check --format json prints for it
  dproxy flush [NAME]            the running instance forgets the answers that it keeps for NAME and all
                                 names below it; without NAME all
  dproxy top [--once]            what the running instance does: queries, failures and latency by route and
                                 upstream, each second; --once prints it and ends
  dproxy trace NAME [--for 30s]  each step of the next queries for NAME or below it, as the running instance
                                 takes them; from the same machine or pod only
  dproxy healthcheck [URL]       status 0 if the running instance is ready
  dproxy ask NAME [TYPE] [@ADDRESS[:PORT]] [--tcp|--tls|--https] [--expect RCODE]
             [--ca FILE] [--name NAME] [--insecure] [--path /dns-query]
                                 one query; ADDRESS may be a host's name; without it, to the
                                 dproxy of this machine; without :PORT to port 53, over TLS 853,
                                 over HTTPS (HTTP/2) 443; there the certificate must be for NAME, else
                                 ADDRESS, and lead to an authority of FILE, else of the system;
                                 --insecure takes any
  dproxy --help, --version

Options
  --config FILE     the main file; else $DPROXY_CONFIG, else config.gcfg where it exists
  --format json     of check, explain, routes, diff: JSON instead of text; of diff also markdown
  --admin URL       of explain, routes, diff, wait, flush, top, trace: ask the running instance at its HTTP address

Exit status: 0 good, 1 faults found, not ready or no answer, 2 usage or start-up error. Of diff: 0 nothing,
1 something, 2 usage or a fault on either side. Of import: 1 something was left out. Of wait: 0 in force,
1 with a fault, 3 the time is over.

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
