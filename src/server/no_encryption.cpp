// SPDX-License-Identifier: MIT
// Of a program that is built without TLS, whose settings refuse what would need it.
// Held by tests/unit/settings/tls_keys_test.cpp and tests/unit/route_files/route_keys_test.cpp.
#include "server/encryption.hpp"
#include "server/upstream_encryption.hpp"

namespace dproxy::server {

struct Encryption::State {};

Encryption::Encryption(boost::asio::io_context&, const config::TlsSettings&, telemetry::ConfigStatus&,
                       telemetry::Log&) {}

Encryption::~Encryption() = default;

std::string Encryption::load() { return "this build has no TLS"; }

void Encryption::start(Publish publish) { publish({}); }

UpstreamEncryption upstream_encryption() { return {}; }

}  // namespace dproxy::server
