// SPDX-License-Identifier: MIT
#include "certificates/upstream_encryption.hpp"

#include <utility>

#include "certificates/file_text.hpp"
#include "tls/identity.hpp"
#include "tls/pem.hpp"
#include "tls/pin.hpp"
#include "tls/session.hpp"
#include "tls/ticket_store.hpp"

namespace dproxy::certificates {

namespace {

/// The largest that systems have are some hundred kilobytes.
constexpr std::size_t max_system_authorities_bytes = 16 * 1024 * 1024;

class ThreadFilters final : public io::PeerFilters {
public:
    explicit ThreadFilters(std::shared_ptr<const tls::ClientContext> context) : context_(std::move(context)) {}
    std::unique_ptr<io::StreamFilter> make() override { return std::make_unique<tls::Session>(context_, tickets_); }

private:
    std::shared_ptr<const tls::ClientContext> context_;
    std::shared_ptr<tls::TicketStore> tickets_ = std::make_shared<tls::TicketStore>();
};

class UpstreamFilters final : public io::PeerFilterSource {
public:
    explicit UpstreamFilters(tls::ClientOptions options)
        : context_(std::make_shared<const tls::ClientContext>(std::move(options))) {}
    std::unique_ptr<io::PeerFilters> on_this_thread() const override {
        return std::make_unique<ThreadFilters>(context_);
    }

private:
    std::shared_ptr<const tls::ClientContext> context_;
};

tls::PemFile pem(const routing::TextBeside& file) { return {file.name, file.view()}; }

}  // namespace

UpstreamEncryption::UpstreamEncryption(std::string system_file) : system_file_(std::move(system_file)) {}

tls::AuthoritiesReading UpstreamEncryption::system_authorities() const {
    if (system_) return {system_, {}};
    FilesTogether read = read_together({system_file_}, max_system_authorities_bytes);
    const FileText& file = read.files.front();
    if (file.error) {
        return {nullptr, system_file_ + ", which has the authorities where `tls_ca` names none, cannot be read: " +
                             file.error.message()};
    }
    auto reading = tls::AuthoritiesReading::of({file.name, file.text});
    system_ = reading.authorities;
    return reading;
}

tls::AuthoritiesReading UpstreamEncryption::authorities(const routing::TextBeside& file) const {
    const std::lock_guard lock(mutex_);
    if (!file.is_given()) return system_authorities();
    const auto known = known_.find(file.view());
    if (known != known_.end()) {
        if (auto held = known->second.lock()) return {std::move(held), {}};
    }
    auto reading = tls::AuthoritiesReading::of(pem(file));
    if (!reading.authorities) return reading;
    std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
    known_.insert_or_assign(std::string(file.view()), reading.authorities);
    recent_[next_recent_++ % recent_count] = reading.authorities;
    return reading;
}

std::string UpstreamEncryption::authorities_fault(const routing::TextBeside& file) const {
    return authorities(file).fault;
}

std::string UpstreamEncryption::identity_fault(const routing::TextBeside& certificate,
                                               const routing::TextBeside& key) const {
    return tls::IdentityReading::of(pem(certificate), pem(key)).fault;
}

bool UpstreamEncryption::is_pin(std::string_view text) const { return tls::parse_pin(text).has_value(); }

std::shared_ptr<const io::PeerFilterSource> UpstreamEncryption::filters(const routing::UpstreamKey& upstream) const {
    if (!is_encrypted(upstream.protocol)) return nullptr;
    const routing::TlsSettings& said = upstream.tls;
    tls::ClientOptions options;
    options.name = said.name.empty() ? upstream.endpoint.address.to_string() : said.name;
    if (said.verify) {
        options.authorities = authorities(said.authorities).authorities;
        if (!options.authorities) return nullptr;
    }
    for (const std::string& text : said.pins) {
        if (const auto pin = tls::parse_pin(text)) options.pins.push_back(*pin);
    }
    if (said.certificate.is_given()) {
        options.identity = tls::IdentityReading::of(pem(said.certificate), pem(said.key)).identity;
        if (!options.identity) return nullptr;
    }
    options.protocols = {upstream.protocol == routing::Protocol::https ? "h2" : "dot"};
    return std::make_shared<const UpstreamFilters>(std::move(options));
}

}  // namespace dproxy::certificates
