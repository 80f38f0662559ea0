// SPDX-License-Identifier: MIT
// Any bytes at all as a list of patterns: every line is read or told, with messages fit to be shown; what was read has
// its line, and makes a table in which every pattern finds its section.
#include <memory>
#include <string>
#include <string_view>

#include "fuzz.hpp"
#include "route_files/files_beside.hpp"
#include "route_files/list_file.hpp"
#include "route_files/prox_file.hpp"
#include "routing/route_table.hpp"

using namespace dproxy;

namespace {

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
    return true;
}

void check_faults(const config::ListParse& parsed) {
    MUST_HOLD(parsed.diagnostics.size() <= 2 * (config::max_faults_per_list + 1));
    MUST_HOLD((parsed.list == nullptr) == !parsed.refused.empty());
    for (const auto& fault : parsed.diagnostics) {
        MUST_HOLD(fault.file == "list");
        MUST_HOLD(!fault.message.empty() && is_printable(fault.message));
    }
}

void check_lines(const routing::PatternList& list, std::string_view text) {
    std::uint32_t last = 0;
    for (const auto pattern : routing::RouteFile::Patterns(list.data(), list.size(), nullptr)) {
        const std::uint32_t line = list.line(pattern.name.data());
        MUST_HOLD(line > last && line <= text.size() + 1);
        last = line;
    }
}

void check_table(const std::shared_ptr<const routing::PatternList>& list) {
    routing::SettingsPool pool;
    config::ProxOptions options;
    options.list_of = [&](std::string_view) { return config::NamedList{list, {}, {}}; };
    const auto parsed =
        config::parse_prox("[header.test]\nanswer = refused\npatterns = list\n", "fuzz.prox", options, pool);
    MUST_HOLD(parsed.file && parsed.file->patterns(0).size() == list->size() + 1);
    const auto built = routing::RouteTable::build({parsed.file});
    MUST_HOLD(built.duplicates.empty() && built.table->route_count() == 1);
    for (const auto& line : built.table->listed()) {
        const auto entry = routing::RouteTable::entry_of(line);
        MUST_HOLD(is_printable(entry.pattern));
        MUST_HOLD(built.table->source_in_list(0, line.name).has_value() == list->holds(line.name));
        if (line.kind == routing::PatternKind::exact) {
            MUST_HOLD(built.table->find({line.name, line.name[-1]}) == 0);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = config::parse_list(text, "list");
    check_faults(parsed);
    if (parsed.list) {
        check_lines(*parsed.list, text);
        check_table(parsed.list);
    }
    const config::FilesBeside named = config::files_named_in(text, ".prox");
    for (const auto* names : {&named.lists, &named.texts}) {
        for (const std::string& name : *names) MUST_HOLD(config::name_beside_fault(name, ".prox").empty());
    }
    return 0;
}
