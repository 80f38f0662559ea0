// SPDX-License-Identifier: MIT
#include "io/readiness.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <system_error>

#include "catch.hpp"

using namespace dproxy::io;

TEST_CASE("a descriptor that cannot be watched is an error code, and nothing comes", "[readiness]") {
    boost::asio::io_context loop;
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    std::error_code error;
    const auto nobody = static_cast<int>(limit.rlim_cur) - 1;
    const Readiness readiness(loop, Fd(nobody), [] { FAIL("nothing is readable"); }, error);
    CHECK(error == std::errc::bad_file_descriptor);
    CHECK(readiness.fd() < 0);
    loop.run();
}

TEST_CASE("a call that throws is followed by the next", "[readiness]") {
    boost::asio::io_context loop;
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    Fd writer(ends[1]);
    REQUIRE(::write(writer.get(), "abc", 3) == 3);
    int calls = 0;
    std::error_code error;
    Readiness readiness(
        loop, Fd(ends[0]),
        [&] {
            if (++calls < 3) throw std::runtime_error("no memory");
            readiness.pause();
        },
        error);
    REQUIRE_FALSE(error);
    CHECK_THROWS(loop.run());
    CHECK_THROWS(loop.run());
    loop.run();
    CHECK(calls == 3);
}
