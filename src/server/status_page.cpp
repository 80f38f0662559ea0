// SPDX-License-Identifier: MIT
#include "server/status_page.hpp"

#include "admin/html.hpp"
#include "server/page_sections.hpp"

namespace dproxy::server {

std::string status_page(const StatusFacts& facts, const PageQuestion& question) {
    std::string page, summary;
    add_summary(facts, summary);
    begin_page(question, "dproxy " + admin::html(facts.version), summary, page);
    add_faults(facts, page);
    add_loops(facts, page);
    add_past(facts, page);
    add_upstreams(facts, page);
    add_hosts(facts, page);
    add_routes(facts, page);
    add_reloads(facts, page);
    add_certificates(facts, page);
    add_traffic(facts, page);
    add_kept(facts, page);
    add_files(facts, page);
    page += question.refreshes ? "<p>This page comes again every 10 s; <a href=\"?\">let it stand</a>.</p>\n"
                               : "<p><a href=\"?refresh=10\">Have this page come again every 10 s</a></p>\n";
    end_page(page);
    return page;
}

}  // namespace dproxy::server
