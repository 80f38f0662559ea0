// SPDX-License-Identifier: MIT
// What of a section's keys may not stand beside each other.
// Held by tests/unit/route_files/route_keys_test.cpp, tests/unit/route_files/keeping_keys_test.cpp.
#include <string>
#include <string_view>

#include "ini/typed_values.hpp"
#include "route_files/route_keys.hpp"

namespace dproxy::config {

using routing::Hedge;
using routing::LocalAnswer;
using routing::Protocol;

void RouteDraft::check_encryption(const TextFinder& text_of, Diagnostics& faults, Diagnostics& warnings) {
    // Where it is not built, the keys themselves are refused; `tls_verify = on` asks for nothing.
    if (capabilities_.encryption == nullptr || given("protocol").bad) return;
    check_https_path(faults);
    bool all_good = true;
    const bool encrypted = is_encrypted(settings_.protocol);
    for (const std::string_view key : {"tls_name", "tls_ca", "tls_verify", "tls_pin", "tls_cert", "tls_key"}) {
        all_good = all_good && !given(key).bad;
        if (encrypted || given(key).line == 0 || given(key).bad) continue;
        if (key == "tls_verify" && tls_.verifies()) continue;
        fault(given(key).line,
              '`' + std::string(key) + "` means nothing here; it goes with `protocol = tls` or `https`", faults);
    }
    if (!encrypted || !all_good) return;
    const TlsDraft::Fault wrong = tls_.read_files(text_of, *capabilities_.encryption);
    if (!wrong.key.empty()) {
        fault(given(wrong.key).line, '`' + std::string(wrong.key) + "`: " + wrong.message, faults);
    }
    settings_.tls = tls_.settings();
    if (const std::string doubt = tls_.doubt(); !doubt.empty()) {
        warnings.push_back({Severity::warning, {}, given("tls_verify").line, "`tls_verify`: " + doubt});
    }
}

void RouteDraft::check_https_path(Diagnostics& faults) {
    const Given& path = given("https_path");
    if (settings_.protocol == Protocol::https) {
        if (path.line == 0) settings_.https_path = usual_https_path;
    } else if (path.line != 0 && !path.bad) {
        fault(path.line, "`https_path` means nothing here; it goes with `protocol = https`", faults);
    }
}

/// A hedge is an attempt that is made early.
void RouteDraft::check_hedge(Diagnostics& faults) {
    if (settings_.hedge == Hedge::off || settings_.attempts > 1 || given("hedge").bad) return;
    fault(given("hedge").line, "`hedge` stands beside `attempts = 1`; expected 2 attempts or more", faults);
}

void RouteDraft::check_ttl(Diagnostics& faults) {
    const Given& ttl = given("ttl");
    if (ttl.line == 0 || ttl.bad || given("answer").bad || settings_.answer == LocalAnswer::addresses) return;
    fault(ttl.line, "`ttl` means nothing here; it goes with an `answer` of addresses", faults);
}

/// NXDOMAIN to a query of one type is taken for the name as a whole (RFC 8020 2): the other types would be gone too.
void RouteDraft::check_audience(Diagnostics& warnings) {
    if (settings_.audience.types.empty() || settings_.answer != LocalAnswer::nxdomain) return;
    settings_.answer = LocalAnswer::nodata;
    warnings.push_back({Severity::warning, {}, given("answer").line,
                        "`nxdomain` beside `types` is answered as `nodata`: NXDOMAIN would hold for all types of the "
                        "name"});
}

/// Answers that are kept or shared are nobody's: not where the upstream learns who asks, and may go by it.
void RouteDraft::check_keeping(Diagnostics& faults) {
    routing::Keeping& keeping = settings_.keeping;
    for (const std::string_view key : {"cache", "merge"}) {
        const bool on = key == "cache" ? keeping.cache : keeping.merge;
        if (!on || given(key).bad) continue;
        const std::string begin = '`' + std::string(key) + " = on` ";
        if (given("answer").line != 0) {
            fault(given(key).line, begin + "means nothing beside `answer`: no upstream is asked", faults);
        } else if (settings_.proxy_protocol) {
            fault(given(key).line,
                  begin + "stands beside `proxy_protocol`, by which each client may be answered otherwise; "
                          "expected one of them", faults);
        }
    }
    for (const RouteKey& key : route_keys()) {
        const bool is_alone = key.name.starts_with("cache_") && given(key.name).line != 0 && !keeping.cache;
        if (!is_alone || given("cache").bad) continue;
        fault(given(key.name).line, '`' + std::string(key.name) + "` means nothing here; it goes with `cache = on`",
              faults);
    }
    keeping.merge = keeping.merge || keeping.cache;
}

}  // namespace dproxy::config
