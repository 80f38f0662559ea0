// SPDX-License-Identifier: MIT
// Any text at all as a .prox file: it is read or refused with messages fit to be shown, and what was read
// makes a table in which every pattern finds a route.
#include <memory>
#include <string_view>

#include "config/prox_file.hpp"
#include "dns/name.hpp"
#include "fuzz.hpp"
#include "routing/route_table.hpp"

using namespace dproxy;

namespace {

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
    return true;
}

void check_faults(const config::ProxParse& parse) {
    MUST_HOLD(parse.diagnostics.size() <= config::max_faults_per_file + 1);
    for (const auto& fault : parse.diagnostics) {
        MUST_HOLD(fault.severity == config::Severity::error && fault.file == "fuzz.prox");
        MUST_HOLD(!fault.message.empty() && is_printable(fault.message));
    }
}

void check_table(const std::shared_ptr<const routing::RouteFile>& file) {
    const auto built = routing::RouteTable::build({file});
    MUST_HOLD(built.table->route_count() + built.duplicates.size() == file->section_count());
    for (const auto& duplicate : built.duplicates) MUST_HOLD(!config::describe(duplicate).message.empty());
    for (const auto& entry : built.table->entries()) {
        MUST_HOLD(is_printable(entry.pattern) && is_printable(built.table->label(entry.route)));
        if (entry.pattern == "*" || entry.pattern.starts_with("*.")) continue;
        const auto name = dns::Name::parse(entry.pattern, false);
        MUST_HOLD(!name.fault && built.table->find(name.name.wire()) == entry.route);
        MUST_HOLD(built.table->matches(name.name.wire()).at(0).route == entry.route);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const bool built : {false, true}) {
        const config::ProxOptions options{{built, built, built, built}};
        routing::SettingsPool pool;
        const auto parse = config::parse_prox(text, "fuzz.prox", options, pool);
        MUST_HOLD((parse.file == nullptr) != parse.diagnostics.empty());
        check_faults(parse);
        if (parse.file) check_table(parse.file);
    }
    return 0;
}
