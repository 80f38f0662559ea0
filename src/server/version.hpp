// SPDX-License-Identifier: MIT
// What this program is: set by the build.
#pragma once

namespace dproxy::server {

extern const char* const version;
extern const char* const revision;  ///< of the source, `unknown` where it was not built from a checkout

}  // namespace dproxy::server
