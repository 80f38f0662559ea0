// SPDX-License-Identifier: MIT
// Held by tests/integration/test_ask_encrypted.py.
#include "cli/ask_encryption.hpp"

#include "ini/excerpt.hpp"

#ifdef DPROXY_TLS
#include "certificates/file_text.hpp"
#include "tls/authorities.hpp"
#include "tls/client_context.hpp"
#include "tls/session.hpp"
#endif

namespace dproxy::cli {

#ifdef DPROXY_TLS
namespace {

/// The largest that systems have are some hundred kilobytes.
constexpr std::size_t enough_authorities_bytes = 16 * 1024 * 1024;

tls::AuthoritiesReading read_authorities(const std::string& name) {
    const auto read = certificates::read_together({name}, enough_authorities_bytes);
    const auto& file = read.files.front();
    if (file.error) return {nullptr, name + ": " + file.error.message()};
    return tls::AuthoritiesReading::of({file.name, file.text});
}

}  // namespace

AskFilter ask_filter(const AskEncryption& encryption) {
    tls::ClientOptions options;
    options.name = encryption.name;
    options.protocols = {encryption.https ? "h2" : "dot"};
    if (encryption.verify) {
        const auto& file = encryption.authorities_file;
        auto reading = read_authorities(file.empty() ? std::string(tls::system_authorities_file) : file);
        if (!reading.authorities) return {nullptr, std::move(reading.fault)};
        options.authorities = std::move(reading.authorities);
    }
    auto context = std::make_shared<const tls::ClientContext>(std::move(options));
    return {std::make_unique<tls::Session>(std::move(context), nullptr), {}};
}
#else
AskFilter ask_filter(const AskEncryption&) { return {nullptr, "--tls and --https: this dproxy is built without TLS"}; }
#endif

std::string fault_of(const io::StreamFilter& filter, const AskEncryption& encryption) {
    std::string text(filter.reason());
    const auto word = filter.fault_word();
    if (word == "name") return text + "; expected one for " + config::excerpt(encryption.name) + " (--name)";
    if (word == "authority") {
        return text + "; expected one that leads to " +
               (encryption.authorities_file.empty() ? "an authority of the system (--ca FILE names others)"
                                                    : "an authority of " + encryption.authorities_file);
    }
    if (word == "expired" || word == "not_yet_valid") return text + "; expected one that is valid now";
    if (word == "malformed") return "what came is not TLS: " + text;
    if (word == "protocol") return text + "; expected " + (encryption.https ? "HTTP/2 (h2)" : "DNS over TLS (dot)");
    return text;
}

}  // namespace dproxy::cli
