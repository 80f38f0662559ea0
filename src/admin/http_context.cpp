// SPDX-License-Identifier: MIT
#include "admin/http_context.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "admin/host_name.hpp"
#include "admin/http_connection.hpp"

namespace dproxy::admin {

const Page* HttpContext::find_page(std::string_view path) const {
    const auto page =
        std::find_if(pages.begin(), pages.end(), [&](const Page& candidate) { return candidate.path == path; });
    return page == pages.end() ? nullptr : &*page;
}

Response HttpContext::respond(const Page* page, const Request& request) const {
    if (page == nullptr) {
        std::string text = "Not found. There is:\n";
        for (const Page& known : pages) text += known.path + "\n";
        return {404, plain_text, std::move(text)};
    }
    try {
        return page->handler(request);
    } catch (const std::exception& fault) {  // out of memory: this request fails, the program goes on
        return {500, plain_text, std::string("The page could not be made: ") + fault.what() + "\n"};
    }
}

void HttpContext::count(telemetry::HttpRejection reason) {
    if (rejections != nullptr) (*rejections)[reason].add();
}

void HttpContext::make_room_for(const net::Address& client) {
    const auto held_by = [this](const net::Address& who) {
        return static_cast<std::size_t>(std::count_if(connections.begin(), connections.end(),
                                                      [&](const auto* one) { return one->client() == who; }));
    };
    net::Address giving = client;
    auto reason = telemetry::HttpRejection::connections_per_client;
    if (held_by(client) < limits.connections_per_client) {
        if (connections.size() < limits.connections) return;
        const auto most = std::max_element(connections.begin(), connections.end(), [&](const auto* a, const auto* b) {
            return held_by(a->client()) < held_by(b->client());
        });
        giving = (*most)->client();
        reason = telemetry::HttpRejection::connections;
    }
    HttpConnection* idle = nullptr;
    for (HttpConnection* one : connections) {
        if (one->client() == giving && (idle == nullptr || one->idle_since() < idle->idle_since())) idle = one;
    }
    if (idle == nullptr) return;
    count(reason);
    idle->give_way();
}

net::Address client_of(const net::Address& address) {
    net::Address client = address;
    if (!client.is_v4()) std::fill(client.bytes.begin() + 8, client.bytes.end(), std::uint8_t{0});
    return client;
}

std::optional<Response> refuse_host(const Target& target, const HostField& field,
                                    const std::vector<std::string>& hosts) {
    if (field.count > 1) return Response{400, plain_text, "There is more than one Host.\n"};
    if (field.count == 0 && !target.authority) {
        if (field.is_http_1_0) return std::nullopt;  // no browser
        return Response{400, plain_text, "There is no Host.\n"};
    }
    switch (judge_host(target.authority.value_or(field.value), hosts)) {
        case HostVerdict::own:
            return std::nullopt;
        case HostVerdict::malformed:
            return Response{400, plain_text, "The Host is neither an address nor a name.\n"};
        case HostVerdict::foreign:
            break;
    }
    return Response{421, plain_text, "This name is not one of dproxy's: see the setting admin_hosts.\n"};
}

std::optional<Response> refuse_orderer(const Orderer& orderer) {
    const auto refusal = [](const char* sentence) { return Response{403, plain_text, sentence}; };
    if (!orderer.is_local) {
        return refusal("This is taken from loopback addresses only: ask where dproxy runs, as by kubectl exec.\n");
    }
    if (orderer.is_browser) return refusal("This is not taken from a page in a browser.\n");
    if (orderer.is_forwarded) return refusal("This is not taken through a proxy: ask where dproxy runs.\n");
    return std::nullopt;
}

}  // namespace dproxy::admin
