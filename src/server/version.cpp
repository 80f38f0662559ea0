// SPDX-License-Identifier: MIT
#include "server/version.hpp"

namespace dproxy::server {

const char* const version = DPROXY_VERSION;
const char* const revision = DPROXY_REVISION;

}  // namespace dproxy::server
