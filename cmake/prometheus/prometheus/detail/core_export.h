// SPDX-License-Identifier: MIT
// What prometheus-cpp's own build would generate: in an archive nothing has to be exported.
#pragma once

#define PROMETHEUS_CPP_CORE_EXPORT
