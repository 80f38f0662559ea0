// SPDX-License-Identifier: MIT
#include "certificates/certificate_files.hpp"

#include <algorithm>
#include <ctime>

#include "tls/pem.hpp"
#include "tls/server_context.hpp"
#include "tls/session.hpp"

namespace dproxy::certificates {

namespace {

using State = tls::Validity::State;

class ServerFilters final : public io::FilterSource {
public:
    explicit ServerFilters(tls::ServerOptions options)
        : context_(std::make_shared<const tls::ServerContext>(std::move(options))) {}
    std::unique_ptr<io::StreamFilter> make() const override { return std::make_unique<tls::Session>(context_); }

private:
    std::shared_ptr<const tls::ServerContext> context_;
};

std::string date_text(std::int64_t seconds) {
    const std::time_t time = seconds;
    std::tm parts{};
    char text[32] = "";
    if (::gmtime_r(&time, &parts)) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

std::string directory_of(const std::string& file) {
    const auto slash = file.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : file.substr(0, slash);
}

std::string why_unread(const FileText& file) {
    if (file.error == std::errc::file_too_large) {
        return "is larger than 1 MiB; expected PEM";
    }
    return "cannot be read: " + file.error.message();
}

}  // namespace

CertificateFiles::CertificateFiles(config::TlsSettings settings, std::uint64_t now_ns)
    : settings_(std::move(settings)),
      identities_(settings_.certificates.size()),
      own_ticket_keys_(now_ns),
      states_(settings_.certificates.size()) {
    for (std::size_t pair = 0; pair < states_.size(); ++pair) states_[pair].file = settings_.certificates[pair];
}

/// Certificates, keys, the authorities of clients, keys of tickets.
std::vector<std::string> CertificateFiles::names() const {
    std::vector<std::string> names = settings_.certificates;
    names.insert(names.end(), settings_.keys.begin(), settings_.keys.end());
    if (!settings_.client_authorities.empty()) names.push_back(settings_.client_authorities);
    names.insert(names.end(), settings_.ticket_keys.begin(), settings_.ticket_keys.end());
    return names;
}

std::vector<std::string> CertificateFiles::directories() const {
    std::vector<std::string> directories;
    for (const std::string& name : names()) directories.push_back(directory_of(name));
    std::sort(directories.begin(), directories.end());
    directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
    return directories;
}

void CertificateFiles::tell(std::string file, std::string message) {
    if (message.starts_with(file + ": ")) message.erase(0, file.size() + 2);  // as faults of PEM begin
    faults_.push_back({config::Severity::error, std::move(file), 0, std::move(message)});
}

bool CertificateFiles::read(const Now& now) {
    FilesTogether found = read_together(names(), tls::max_pem_bytes);
    // They are being replaced: what is in force stays, and whoever watches is told of the last change as well.
    if (!found.of_one_version && filters_.of_messages) return false;
    files_ = std::move(found.files);
    faults_.clear();
    bool changed = false;
    for (std::size_t pair = 0; pair < identities_.size(); ++pair) changed |= read_pair(pair, now);
    changed |= read_client_authorities();
    changed |= read_ticket_keys(now);
    if (changed) make_filters();
    return changed;
}

bool CertificateFiles::read_pair(std::size_t pair, const Now& now) {
    const FileText& certificate = files_[pair];
    const FileText& key = files_[settings_.certificates.size() + pair];
    CertificateState& state = states_[pair];
    auto& in_force = identities_[pair];
    state.valid = false;
    std::shared_ptr<const tls::Identity> found;
    if (certificate.error || key.error) {
        const FileText& unread = certificate.error ? certificate : key;
        tell(unread.name, why_unread(unread));
    } else {
        auto reading = tls::IdentityReading::of({certificate.name, certificate.text}, {key.name, key.text});
        found = std::move(reading.identity);
        if (!found) tell(certificate.name, reading.fault);
    }
    bool changed = false;
    if (found) {
        const State time = found->validity().at(now.seconds);
        const bool old_is_better =
            in_force && time != State::valid && in_force->validity().at(now.seconds) == State::valid;
        changed = !old_is_better && (!in_force || !found->is_same_as(*in_force));
        if (changed) in_force = found;
        state.valid = time == State::valid;
        const char* kept = old_is_better ? "; the one before, which is valid, stays in force" : "";
        if (time == State::expired) {
            tell(certificate.name, "expired at " + date_text(found->validity().until) + kept);
        } else if (time == State::not_yet) {
            tell(certificate.name, "is not valid before " + date_text(found->validity().from) + kept);
        }
    }
    if (in_force) {
        state.expires = in_force->validity().until;
        state.names = in_force->names().names;
        for (const net::Address& address : in_force->names().addresses) state.names.push_back(address.to_string());
    }
    return changed;
}

bool CertificateFiles::read_client_authorities() {
    if (settings_.client_authorities.empty()) return false;
    const FileText& file = files_[2 * settings_.certificates.size()];
    if (file.error) {
        tell(file.name, why_unread(file));
        return false;
    }
    auto reading = tls::AuthoritiesReading::of({file.name, file.text});
    if (!reading.authorities) {
        tell(file.name, reading.fault);
        return false;
    }
    if (client_authorities_ && client_authorities_->is_same_as(*reading.authorities)) return false;
    client_authorities_ = std::move(reading.authorities);
    return true;
}

bool CertificateFiles::read_ticket_keys(const Now& now) {
    if (settings_.ticket_keys.empty()) return own_ticket_keys_.rotate(now.monotonic_ns);
    std::vector<tls::TicketKey> keys;
    for (std::size_t at = files_.size() - settings_.ticket_keys.size(); at < files_.size(); ++at) {
        const FileText& file = files_[at];
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(file.text.data());
        const auto key = tls::TicketKey::parse({bytes, file.text.size()});
        if (file.error) {
            tell(file.name, "cannot be read: " + file.error.message());
        } else if (!key) {
            tell(file.name, "has " + std::to_string(file.text.size()) + " bytes; expected " +
                                std::to_string(tls::TicketKey::length) +
                                " random ones (`openssl rand 80`)");
        } else {
            keys.push_back(*key);
        }
    }
    // One that is missing would refuse what others sealed with it: the last good set stays as a whole.
    if (keys.size() < settings_.ticket_keys.size() || keys == ticket_keys_) {
        return ticket_keys_.empty() && own_ticket_keys_.rotate(now.monotonic_ns);
    }
    ticket_keys_ = std::move(keys);
    return true;
}

void CertificateFiles::make_filters() {
    tls::ServerOptions options;
    for (const auto& identity : identities_) {
        if (identity) options.identities.push_back(identity);
    }
    const bool knows_clients = settings_.client_authorities.empty() || client_authorities_;
    if (options.identities.empty() || !knows_clients) {
        filters_ = {};
        return;
    }
    options.client_authorities = client_authorities_;
    options.least = settings_.least == config::TlsVersion::tls13 ? tls::Version::tls13 : tls::Version::tls12;
    options.ticket_keys = ticket_keys_.empty() ? own_ticket_keys_.keys() : ticket_keys_;
    options.protocols = {"dot"};
    filters_.of_messages = std::make_shared<const ServerFilters>(options);
    options.protocols = {"h2", "http/1.1"};
    filters_.of_http = std::make_shared<const ServerFilters>(std::move(options));
}

}  // namespace dproxy::certificates
