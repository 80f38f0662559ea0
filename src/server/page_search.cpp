// SPDX-License-Identifier: MIT
#include "server/page_search.hpp"

#include <algorithm>

#include "admin/html.hpp"
#include "ini/counted.hpp"
#include "server/page_sections.hpp"

namespace dproxy::server {

using admin::html;

namespace {

void make_lower(std::string& text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool has_upstream(const routing::RouteSettings& settings, std::string_view wanted) {
    return std::any_of(settings.targets.begin(), settings.targets.end(), [&](const routing::Target& target) {
        const std::string written = target.host.empty() ? target.endpoint.to_string()
                                                        : target.host + ":" + std::to_string(target.endpoint.port);
        return has(written, wanted);
    });
}

}  // namespace

RouteSearch::RouteSearch(std::string_view wanted, const proxy::Publication& publication)
    : wanted_(wanted), table_serial_(publication.table_serial) {
    make_lower(wanted_);
}

bool RouteSearch::fits(const routing::RouteTable& table, routing::RouteIndex route) {
    label_.clear();
    table.append_label(label_, route, std::string::npos);
    make_lower(label_);
    if (has(label_, wanted_)) return true;
    const std::uint32_t settings = table.settings_index(route);
    if (settings_ != settings) {
        settings_ = settings;
        settings_fit_ = has_upstream(table.settings(route), wanted_);
    }
    return settings_fit_;
}

bool RouteSearch::append(const proxy::Publication& publication, const Workers& counters, std::string& page) {
    const routing::RouteTable& table = *publication.table;
    if (at_ == 0) add_heading("found", "Routes with &ldquo;" + html(wanted_) + "&rdquo;", page);
    if (publication.table_serial != table_serial_) {
        end("<span class=\"bad\">The routes changed meanwhile: search again.</span>", page);
        return false;
    }
    const auto count = static_cast<routing::RouteIndex>(table.route_count());
    const routing::RouteIndex slice_end = std::min(count, at_ + max_routes_in_a_slice);
    for (; at_ < slice_end; ++at_) {
        if (!fits(table, at_)) continue;
        if (!found_) found_.emplace(table_of_routes("Routes that were found", page));
        if (found_->is_full()) {
            end("These are the first " + std::to_string(max_page_rows) + "; there are more. Say more of the name.",
                page);
            return false;
        }
        add_route(publication, at_, counters, *found_, page);
    }
    page += '\n';  // a piece is never empty
    if (at_ < count) return true;
    end(config::counted(found_ ? found_->rows() : 0, "route") + " of " + std::to_string(count) +
            ". Names that stand in a list, or below a <code>*</code>, are found by the other field.",
        page);
    return false;
}

void RouteSearch::end(std::string_view words, std::string& page) const {
    if (found_) found_->end(0, "", page);
    page.append("<p>").append(words).append("</p>\n");
}

}  // namespace dproxy::server
