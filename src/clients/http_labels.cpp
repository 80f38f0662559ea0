// SPDX-License-Identifier: MIT
// Held by tests/integration/test_doh_hostile.py, tests/integration/test_doh.py.
#include "clients/http_labels.hpp"

namespace dproxy::proxy {

using telemetry::HttpCode;
using telemetry::Rejection;

HttpCode http_code(http::Status status) {
    switch (status) {
        case http::Status::ok: return HttpCode::ok;
        case http::Status::no_content: return HttpCode::no_content;
        case http::Status::bad_request: return HttpCode::bad_request;
        case http::Status::not_found: return HttpCode::not_found;
        case http::Status::method_not_allowed: return HttpCode::method_not_allowed;
        case http::Status::content_too_large: return HttpCode::content_too_large;
        case http::Status::target_too_long: return HttpCode::target_too_long;
        case http::Status::unsupported_media_type: return HttpCode::unsupported_media_type;
        case http::Status::fields_too_large: return HttpCode::fields_too_large;
        case http::Status::not_implemented: return HttpCode::not_implemented;
        case http::Status::unavailable: break;
    }
    return HttpCode::unavailable;
}

bool is_flood(http::SessionEnd end) { return end > http::SessionEnd::malformed; }

std::optional<Rejection> rejection_of(http::SessionEnd end) {
    using http::SessionEnd;
    switch (end) {
        case SessionEnd::not_yet:
        case SessionEnd::finished: break;
        case SessionEnd::malformed: return Rejection::http_malformed;
        case SessionEnd::fields: return Rejection::http_fields;
        case SessionEnd::pipelined: return Rejection::http_pipelined;
        case SessionEnd::resets: return Rejection::http_resets;
        case SessionEnd::settings: return Rejection::http_settings;
        case SessionEnd::pings: return Rejection::http_pings;
        case SessionEnd::priorities: return Rejection::http_priorities;
        case SessionEnd::window_updates: return Rejection::http_window_updates;
        case SessionEnd::empty_frames: return Rejection::http_empty_frames;
        case SessionEnd::continuations: return Rejection::http_continuations;
        case SessionEnd::unknown_frames: return Rejection::http_unknown_frames;
        case SessionEnd::acknowledgements: return Rejection::http_acknowledgements;
    }
    return std::nullopt;
}

}  // namespace dproxy::proxy
