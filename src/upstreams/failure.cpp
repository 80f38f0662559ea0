// SPDX-License-Identifier: MIT
#include "upstreams/failure.hpp"

#include <cerrno>

namespace dproxy::proxy {

using telemetry::Failure;

Failure failure_of(int error) {
    switch (error) {
        case ECONNREFUSED:
        case ECONNRESET:
            return Failure::refused;
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENETDOWN:
        case EHOSTDOWN:
        case EADDRNOTAVAIL:
        case ETIMEDOUT:
            return Failure::unreachable;
        case EAGAIN:
        case ENOBUFS:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case ENOSPC:  // fs.epoll.max_user_watches
            return Failure::overload;
        default:
            return Failure::other;
    }
}

}  // namespace dproxy::proxy
