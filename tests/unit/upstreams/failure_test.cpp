// SPDX-License-Identifier: MIT
#include "upstreams/failure.hpp"

#include <cerrno>

#include "catch.hpp"

using namespace dproxy::proxy;
using dproxy::telemetry::Failure;

TEST_CASE("what the server refuses, what the way does not lead to, and what this host has run out of", "[failure]") {
    for (const int error : {ECONNREFUSED, ECONNRESET}) CHECK(failure_of(error) == Failure::refused);
    for (const int error : {EHOSTUNREACH, ENETUNREACH, ETIMEDOUT, EADDRNOTAVAIL}) {
        CHECK(failure_of(error) == Failure::unreachable);
    }
    for (const int error : {EAGAIN, ENOBUFS, ENOMEM, EMFILE, ENFILE, ENOSPC}) {
        CHECK(failure_of(error) == Failure::overload);
    }
    for (const int error : {0, EPIPE, EMSGSIZE}) CHECK(failure_of(error) == Failure::other);
}
