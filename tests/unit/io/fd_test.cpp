// SPDX-License-Identifier: MIT
#include "io/fd.hpp"

#include <fcntl.h>

#include <utility>

#include "catch.hpp"

using dproxy::io::Fd;

namespace {

int open_null() {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    return fd;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a descriptor is closed with its owner", "[fd]") {
    int number = -1;
    {
        const Fd fd(open_null());
        number = fd.get();
        CHECK(fd);
        CHECK(is_open(number));
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("a descriptor that moves has one owner", "[fd]") {
    Fd first(open_null());
    const int number = first.get();
    Fd second(std::move(first));
    CHECK_FALSE(first);
    CHECK(second.get() == number);
    Fd third(open_null());
    const int other = third.get();
    third = std::move(second);
    CHECK(third.get() == number);
    CHECK(is_open(number));
    CHECK_FALSE(is_open(other));
    Fd& itself = third;
    third = std::move(itself);
    CHECK(third.get() == number);
    CHECK(is_open(number));
}

TEST_CASE("what is released stays open, what is closed is closed once", "[fd]") {
    Fd fd(open_null());
    const int number = fd.release();
    CHECK_FALSE(fd);
    fd.close();
    CHECK(is_open(number));
    Fd again(number);
    again.close();
    CHECK_FALSE(is_open(number));
    // Somebody else has the number now: closing once more must not take it away.
    const Fd someone(open_null());
    again.close();
    CHECK(is_open(someone.get()));
}

TEST_CASE("a failure of a system call is no descriptor", "[fd]") {
    CHECK_FALSE(Fd(-1));
    CHECK_FALSE(Fd());
    CHECK(Fd(::open("/nowhere/at/all", O_RDONLY)).get() == -1);
}
