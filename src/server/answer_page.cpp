// SPDX-License-Identifier: MIT
// Held by tests/integration/test_page.py.
#include "server/answer_page.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <utility>

#include "admin/html.hpp"
#include "reports/route_report.hpp"
#include "server/page_explanation.hpp"
#include "server/page_search.hpp"
#include "server/page_sections.hpp"

namespace dproxy::server {

namespace {

constexpr std::size_t max_title_bytes = 100;

std::string trimmed(const std::string* text) {
    constexpr const char* white_space = " \t\r\n";
    const std::size_t begin = text == nullptr ? std::string::npos : text->find_first_not_of(white_space);
    if (begin == std::string::npos) return {};
    return text->substr(begin, text->find_last_not_of(white_space) + 1 - begin);
}

/// Where queries for the name go now, with the state of the upstreams.
std::string destination_now(const proxy::Publication& publication, const config::RouteQuestion& question) {
    const proxy::PoolSet& pools = *publication.pools;
    const net::Address* client = question.client ? &*question.client : nullptr;
    const routing::RouteIndex route = publication.table->find(
        question.name.wire(), routing::Asker{client, question.type.value_or(dns::type::a)});
    if (route != routing::no_route) {
        const proxy::Pool& pool = pools.pools[publication.table->settings_index(route)];
        return pool.settings->answer == routing::LocalAnswer::none ? destination(pool, pools) : "";
    }
    return pools.master == proxy::no_pool ? "" : destination(pools.pools[pools.master], pools);
}

void explain(const PageQuestion& question, const AnswerSources& from, std::string& page) {
    const auto parsed = config::parse_route_question(question.name, question.type, question.client);
    if (!parsed.fault.empty()) return add_misunderstanding(parsed.fault, page);
    const auto publication = from.reloader.publication();
    const auto report = config::explain_report(*publication->table, from.settings, parsed.question);
    add_explanation(report.as_object(), destination_now(*publication, parsed.question), page);
}

}  // namespace

PageQuestion page_question(const admin::Parameters& parameters) {
    PageQuestion question;
    question.search = trimmed(parameters.find("search"));
    question.name = trimmed(parameters.find("name"));
    question.type = trimmed(parameters.find("type"));
    question.client = trimmed(parameters.find("client"));
    question.refreshes = !question.is_asked() && parameters.find("refresh") != nullptr;
    return question;
}

admin::NextPiece answer_page(const PageQuestion& question, const AnswerSources& from) {
    std::string begin;
    const std::string& asked = question.name.empty() ? question.search : question.name;
    begin_page(question, "dproxy: " + admin::html(asked, max_title_bytes), "", begin);
    if (!question.name.empty()) explain(question, from, begin);
    if (question.search.empty()) {
        end_page(begin);
        return [begin = std::move(begin)](std::string& piece) {
            piece += begin;
            return false;
        };
    }
    RouteSearch search(question.search, *from.reloader.publication());
    return [&reloader = from.reloader, counters = from.counters, search = std::move(search),
            begin = std::move(begin)](std::string& piece) mutable {
        piece += std::exchange(begin, {});
        const auto publication = reloader.publication();
        if (search.append(*publication, counters, piece)) return true;
        end_page(piece);
        return false;
    };
}

}  // namespace dproxy::server
