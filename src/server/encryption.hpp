// SPDX-License-Identifier: MIT
// What clients find encrypted is kept up to date: certificates and keys are read again when their files change, what is
// wrong with them is told, and what connections are encrypted by from now on is handed over.
// A program that is built without TLS has nothing to hand over: no_encryption.cpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/stream_filter.hpp"
#include "settings/settings.hpp"
#include "telemetry/config_status.hpp"
#include "telemetry/log.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::server {

/// Lives on one io_context and its thread.
class Encryption {
public:
    /// Null: connections of clients are refused.
    using Publish = std::function<void(const io::FilterSources&)>;

    /// What is referred to outlives it.
    Encryption(boost::asio::io_context& io, const config::TlsSettings& settings, telemetry::ConfigStatus& status,
               telemetry::Log& log);
    ~Encryption();
    Encryption(const Encryption&) = delete;
    Encryption& operator=(const Encryption&) = delete;

    /// The first reading; a sentence where no client can be served.
    std::string load();
    /// Hands over what was read, and what is read from now on.
    void start(Publish publish);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace dproxy::server
