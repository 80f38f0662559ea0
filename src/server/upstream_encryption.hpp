// SPDX-License-Identifier: MIT
// What the routes' encryption needs of TLS, where the program is built with it: upstream_encryption.cpp, else
// no_encryption.cpp.
#pragma once

#include <memory>

#include "publication/publisher.hpp"
#include "route_files/encryption_check.hpp"

namespace dproxy::server {

struct UpstreamEncryption {
    std::shared_ptr<const config::EncryptionCheck> check{};  ///< null: this build has no TLS
    proxy::FilterMaker make_filters{};
};

UpstreamEncryption upstream_encryption();

}  // namespace dproxy::server
