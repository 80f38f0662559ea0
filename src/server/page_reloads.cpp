// SPDX-License-Identifier: MIT
// The reloads of late, and the certificates, which are read again as routes are.
// Held by tests/unit/server/status_page_test.cpp and tests/integration/test_page.py.
#include <chrono>

#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "reports/rfc3339.hpp"
#include "server/page_sections.hpp"
#include "server/page_words.hpp"

namespace dproxy::server {

using admin::html;

namespace {

void append_labels(std::string_view what, const config::LabelList& labels, std::string& text) {
    if (labels.size() == 0) return;
    text.append(text.empty() ? "" : "; ").append(what).append(" ");
    for (std::size_t i = 0; i < labels.named.size(); ++i) text += (i ? ", " : "") + html(labels.named[i]);
    if (labels.more > 0) text += " and " + std::to_string(labels.more) + " more";
}

std::string changes_of(const ReloadNote& note) {
    if (note.is_first) return "read at the start";
    std::string text;
    append_labels("added", note.changes.added, text);
    append_labels("changed", note.changes.changed, text);
    append_labels("removed", note.changes.removed, text);
    return text.empty() ? "no route is another" : text;
}

/// `2026-11-30 15:00:07 UTC`.
std::string moment(std::chrono::system_clock::time_point time) {
    std::string text = config::rfc3339(time).substr(0, 19);
    text[10] = ' ';
    return text + " UTC";
}

}  // namespace

void add_reloads(const StatusFacts& facts, std::string& page) {
    add_heading("reloads", "Last reloads", page);
    PageTable table("Last reloads", {"When", "What changed", "#Routes", "#Faults", "#Took"}, page);
    for (const ReloadNote& note : *facts.reloads) {
        const std::string faults = note.faults == 0 ? "0" : bad(std::to_string(note.faults));
        const double taken_ms = std::chrono::duration<double, std::milli>(note.duration).count();
        table.add({moment(note.time), changes_of(note), std::to_string(note.routes), faults,
                   milliseconds_words(taken_ms)},
                  page);
    }
    table.end(0, "", page);
    const std::uint64_t all = facts.config.successes + facts.config.failures;
    page += "<p>" + config::counted(all, "reload") + " since the start, " + std::to_string(facts.config.failures) +
            " of them with faults. The log has what each changed.</p>\n";
}

void add_certificates(const StatusFacts& facts, std::string& page) {
    if (facts.config.certificates.empty()) return;
    add_heading("certificates", "Certificates", page);
    for (const std::string& fault : facts.config.certificate_faults) page += "<p>" + bad(fault) + "</p>\n";
    PageTable table("Certificates", {"File", "State", "Expires"}, page);
    for (const telemetry::CertificateFact& one : facts.config.certificates) {
        if (table.is_full()) break;
        const std::chrono::system_clock::time_point expires{std::chrono::seconds(one.expires.value_or(0))};
        const std::string state = one.valid     ? good("in force")
                                  : one.expires ? bad("the last good one is in force, or what is has expired")
                                                : bad("there is none: TLS is refused");
        table.add({html(one.file), state, one.expires ? config::rfc3339(expires).substr(0, 10) : ""}, page);
    }
    table.end(facts.config.certificates.size(), in_status, page);
}

}  // namespace dproxy::server
