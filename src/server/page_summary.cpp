// SPDX-License-Identifier: MIT
// Whether it is well, and what is wrong.
// Held by tests/unit/server/status_page_test.cpp.
#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;

namespace {

void add_listen(std::string_view before, const std::vector<net::Endpoint>& endpoints, std::string& page) {
    if (!endpoints.empty()) page += before;
    for (std::size_t i = 0; i < endpoints.size(); ++i) page += (i ? ", " : "") + html(endpoints[i].to_string());
}

}  // namespace

void add_summary(const StatusFacts& facts, std::string& page) {
    page += "<p>";
    page += facts.not_ready.empty() ? good("ready") : bad("not ready: " + facts.not_ready);
    page += ", running for " + config::duration_words(facts.uptime_seconds) + " with " +
            config::counted(facts.workers, "worker");
    add_listen(", listens on ", facts.listen.plain, page);
    add_listen("; over TLS on ", facts.listen.tls, page);
    add_listen("; over HTTPS on ", facts.listen.https, page);
    add_listen("; over HTTP on ", facts.listen.http, page);
    page += "<br>\n" + config::counted(facts.routes->routes, "route") + " of " +
            config::counted(facts.routes->files.size(), "file") + ", version " + html(facts.routes->hash) +
            ", changes are noticed ";
    page += facts.watch.mode == telemetry::WatchMode::inotify
                ? "at once (inotify)"
                : bad("by a look every 2 s, without inotify: " + facts.watch.reason);
    page += "</p>\n";
}

void add_faults(const StatusFacts& facts, std::string& page) {
    const config::Diagnostics& faults = facts.routes->faults;
    if (faults.empty()) return;
    add_heading("faults", "Faults in files", page);
    PageTable table("Faults in files", {"File", "#Line", "Kind", "Fault", "The line itself"}, page);
    for (const config::Diagnostic& fault : faults) {
        if (table.is_full()) break;
        const bool is_error = fault.severity == config::Severity::error;
        const std::string line = fault.line_text.empty() ? "" : "<code>" + html(fault.line_text) + "</code>";
        table.add({html(fault.file), fault.line ? std::to_string(fault.line) : "", is_error ? bad("error") : "warning",
                   html(fault.message, 1000), line},
                  page);
    }
    table.end(faults.size(), in_status, page);
}

void add_loops(const StatusFacts& facts, std::string& page) {
    const auto& loops = facts.loops->list();
    if (loops.empty()) return;
    add_heading("loops", "Loops", page);
    page += "<p>An upstream sends these names back to dproxy; they are answered SERVFAIL.</p>\n";
    PageTable table("Loops", {"Route", "Names", "Upstream", "File"}, page);
    for (const routing::LoopMark& mark : loops) {
        if (table.is_full()) break;
        const std::string whose = mark.place.is_whole_pattern() ? "all of the pattern " : "at and below ";
        const std::string names = whose + html(mark.place.domain.to_text());
        const std::string line = mark.place.file.empty() ? "" : ":" + std::to_string(mark.place.line);
        table.add({html(mark.place.route), bad("loop") + ", " + names, html(mark.upstream),
                   html(mark.place.file) + line},
                  page);
    }
    table.end(loops.size(), in_status, page);
}

}  // namespace dproxy::server
