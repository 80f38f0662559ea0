// SPDX-License-Identifier: MIT
#include "admin/pages.hpp"

#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

namespace dproxy::admin {
namespace {

constexpr const char* plain = "text/plain; charset=utf-8";
constexpr const char* json = "application/json";
constexpr const char* html = "text/html; charset=utf-8";
constexpr const char* prometheus_text = "text/plain; version=0.0.4; charset=utf-8";

Response liveness(const std::vector<WorkerTurn>& workers) {
    std::string stalled;
    for (const WorkerTurn& worker : workers) {
        if (worker.still <= stall_limit) continue;
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(worker.still).count();
        stalled += worker.name + " has not turned over for " + std::to_string(seconds) + " s\n";
    }
    if (stalled.empty()) return {200, plain, "ok\n"};
    return {503, plain, std::move(stalled)};
}

Response readiness(const std::optional<std::string>& not_ready) {
    if (!not_ready) return {200, plain, "ok\n"};
    return {503, plain, *not_ready + "\n"};
}

Response explanation(const Request& request, const AdminSources& sources) {
    const std::string* name = request.parameters.find("name");
    if (!name || name->empty()) {
        return {400, plain, "The parameter name is missing: /explain?name=www.example.com&type=A\n"};
    }
    const auto given = [&](std::string_view key) {
        const std::string* value = request.parameters.find(key);
        return value ? std::string_view(*value) : std::string_view();
    };
    Finding explained = sources.explain(*name, given("type"), given("client"));
    if (!explained.valid) return {400, plain, std::move(explained.body) + "\n"};
    return {200, json, std::move(explained.body)};
}

/// What is misspelt must not forget everything.
Response flushing(const Request& request, const AdminSources& sources) {
    const std::string* name = request.parameters.find("name");
    if (request.parameters.size() != (name ? 1 : 0)) {
        return {400, plain, "One parameter is known, once: /flush?name=example.com; without it, all is forgotten.\n"};
    }
    if (name && name->empty()) {
        return {400, plain, "The parameter name is empty: leave it out to forget all.\n"};
    }
    Finding done = sources.flush(name ? std::string_view(*name) : std::string_view("."));
    if (!done.valid) return {400, plain, std::move(done.body) + "\n"};
    return {200, json, std::move(done.body)};
}

Response tracing(const Request& request, const AdminSources& sources) {
    const std::string* name = request.parameters.find("name");
    const std::string* duration = request.parameters.find("for");
    const std::size_t known = (name ? 1 : 0) + (duration ? 1 : 0);
    if (!name || name->empty() || request.parameters.size() != known) {
        return {400, plain, "The parameter name is needed, and for is known: /trace?name=www.example.com&for=30s\n"};
    }
    Finding begun = sources.trace(*name, duration ? std::string_view(*duration) : std::string_view("30s"));
    if (!begun.valid) return {400, plain, std::move(begun.body) + "\n"};
    return {200, json, std::move(begun.body)};
}

Response traced_steps(const AdminSources& sources) {
    Finding steps = sources.trace_steps();
    if (!steps.valid) return {400, plain, std::move(steps.body) + "\n"};
    return {200, json, std::move(steps.body)};
}

/// What is short is sent at once, with its length.
Response in_pieces(NextPiece next, const char* type = json) {
    std::string first;
    if (!next(first)) next = nullptr;
    return {200, type, std::move(first), std::move(next)};
}

Response past(const Request& request, const AdminSources& sources) {
    std::uint32_t seconds = longest_history;
    if (const std::string* wanted = request.parameters.find("seconds")) {
        const char* end = wanted->data() + wanted->size();
        const auto [stopped, error] = std::from_chars(wanted->data(), end, seconds);
        if (error != std::errc() || stopped != end || seconds == 0 || seconds > longest_history) {
            return {400, plain, "The parameter seconds says how many of the last to tell of, 1 to " +
                                    std::to_string(longest_history) + ": /history?seconds=60\n"};
        }
    }
    return in_pieces(sources.history(seconds));
}

}  // namespace

std::vector<Page> make_pages(AdminSources sources) {
    const auto from = std::make_shared<const AdminSources>(std::move(sources));
    const Handler live = [from](const Request&) { return liveness(from->workers()); };
    return {
        {"/", [from](const Request& request) { return in_pieces(from->page(request.parameters), html); }},
        {"/metrics", [from](const Request&) { return Response{200, prometheus_text, from->metrics()}; },
         PageKind::metrics},
        {"/livez", live, PageKind::probe},
        {"/healthz", live, PageKind::probe},
        {"/readyz", [from](const Request&) { return readiness(from->not_ready()); }, PageKind::probe},
        {"/status", [from](const Request&) { return Response{200, json, from->status()}; }},
        {"/routes", [from](const Request&) { return in_pieces(from->routes()); }},
        {"/files",
         [from](const Request& request) {
             const std::string* name = request.parameters.find("file");
             return in_pieces(from->files(name ? std::string_view(*name) : std::string_view()));
         }},
        {"/history", [from](const Request& request) { return past(request, *from); }},
        {"/explain", [from](const Request& request) { return explanation(request, *from); }},
        {"/flush", [from](const Request& request) { return flushing(request, *from); }, PageKind::order},
        {"/trace", [from](const Request& request) { return tracing(request, *from); }, PageKind::order},
        {"/trace/steps", [from](const Request&) { return traced_steps(*from); }, PageKind::order},
    };
}

}  // namespace dproxy::admin
