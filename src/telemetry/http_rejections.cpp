// SPDX-License-Identifier: MIT
#include "telemetry/http_rejections.hpp"

namespace dproxy::telemetry {

std::string_view name_of(HttpRejection reason) {
    switch (reason) {
        case HttpRejection::connections: return "connections";
        case HttpRejection::connections_per_client: return "connections_per_client";
        case HttpRejection::header_size: return "header_size";
        case HttpRejection::body: return "body";
        case HttpRejection::method: return "method";
        case HttpRejection::not_local: return "not_local";
        case HttpRejection::malformed: return "malformed";
        case HttpRejection::host: return "host";
        case HttpRejection::idle: return "idle";
        case HttpRejection::request_timeout: return "request_timeout";
        case HttpRejection::response_timeout: return "response_timeout";
        case HttpRejection::response_bytes: return "response_bytes";
        case HttpRejection::failed: return "failed";
        case HttpRejection::count_: break;
    }
    return "other";
}

}  // namespace dproxy::telemetry
