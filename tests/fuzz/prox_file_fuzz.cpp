// SPDX-License-Identifier: MIT
// Any text at all as a .prox file: it is read or refused with messages fit to be shown, and what was read
// makes a table in which every pattern finds a route.
#include <algorithm>
#include <memory>
#include <string_view>

#include "dns/name.hpp"
#include "fuzz.hpp"
#include "route_files/prox_file.hpp"
#include "routing/route_table.hpp"
#include "unit/route_files/trusting_encryption.hpp"

using namespace dproxy;

namespace {

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
    return true;
}

void check_faults(const config::ProxParse& parse) {
    MUST_HOLD(parse.diagnostics.size() <= 2 * (config::max_faults_per_file + 1));
    for (const auto& fault : parse.diagnostics) {
        MUST_HOLD(fault.file == "fuzz.prox");
        MUST_HOLD(!fault.message.empty() && is_printable(fault.message));
    }
}

/// Whom a section is for sees it, or another one with the same pattern.
void check_way(const routing::RouteTable& table, dns::Bytes name, const routing::RouteTable::Entry& entry) {
    const routing::Audience& audience = table.settings(entry.route).audience;
    routing::Asker asker;
    if (!audience.clients.empty()) asker.client = &audience.clients.front().base;
    if (!audience.types.empty()) asker.type = audience.types.front();
    if (!audience.is_for_client(asker)) return;  // a network of IPv6 whose first address is written as one of IPv4
    const routing::RouteIndex found = table.find(name, asker);
    MUST_HOLD(table.depends_on_asker() || found == entry.route);
    const auto matches = table.matches(name);
    MUST_HOLD(std::any_of(matches.begin(), matches.end(), [&](const auto& one) {
        return one.route == found && one.pattern == matches.front().pattern;
    }));
    MUST_HOLD(std::any_of(matches.begin(), matches.end(), [&](const auto& one) {
        return one.route == entry.route && one.pattern == matches.front().pattern;
    }));
}

void check_table(const std::shared_ptr<const routing::RouteFile>& file) {
    const auto built = routing::RouteTable::build({file});
    MUST_HOLD(built.table->route_count() + built.duplicates.size() == file->section_count());
    for (const auto& duplicate : built.duplicates) MUST_HOLD(!config::describe(duplicate).message.empty());
    for (const auto& entry : built.table->entries()) {
        MUST_HOLD(is_printable(entry.pattern) && is_printable(built.table->label(entry.route)));
        if (entry.pattern == "*" || entry.pattern.starts_with("*.")) continue;
        const auto name = dns::Name::parse(entry.pattern, false);
        MUST_HOLD(!name.fault);
        check_way(*built.table, name.name.wire(), entry);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool built : {false, true}) {
        config::ProxOptions options{{.encryption = built ? &test::trusting_encryption : nullptr}};
        options.list_of = [](std::string_view) {
            return config::NamedList{config::parse_list(".listed.test\nlisted.test\n", "list").list, {}, {}};
        };
        options.text_of = [](std::string_view name) {
            return config::NamedText{std::make_shared<const std::string>(name)};
        };
        routing::SettingsPool pool;
        const auto parse = config::parse_prox(text, "fuzz.prox", options, pool);
        const bool has_error = std::any_of(parse.diagnostics.begin(), parse.diagnostics.end(), [](const auto& one) {
            return one.severity == config::Severity::error;
        });
        MUST_HOLD((parse.file == nullptr) == has_error);
        check_faults(parse);
        if (parse.file) check_table(parse.file);
    }
    return 0;
}
