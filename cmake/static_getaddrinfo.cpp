// SPDX-License-Identifier: MIT
// In a static program the C library's getaddrinfo would load plug-ins of the very version that was linked, from a
// system that an image does not have. Asio mentions it; dproxy resolves names by its own DNS code and never calls it.
#include <netdb.h>

extern "C" int getaddrinfo(const char* /*name*/, const char* /*service*/, const addrinfo* /*hints*/,
                           addrinfo** /*result*/) {
    return EAI_FAIL;
}

// Beside it in the C library's archive, which would bring the other along.
extern "C" void freeaddrinfo(addrinfo* /*result*/) {}
