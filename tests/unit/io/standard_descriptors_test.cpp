// SPDX-License-Identifier: MIT
#include "io/standard_descriptors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "catch.hpp"

using dproxy::io::open_standard_descriptors;

namespace {

bool is_null(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

/// In a process of its own, in which these are closed before the call: whether `holds` then.
template <typename Holds>
bool in_child_without(std::initializer_list<int> closed, Holds holds) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        // Not /dev/null yet, so that what is left alone is told from what was opened.
        const int other = ::open("/", O_RDONLY);
        for (int fd = 0; fd < 3; ++fd) ::dup2(other, fd);
        for (const int fd : closed) ::close(fd);
        open_standard_descriptors();
        ::_exit(holds() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("standard descriptors that were closed are /dev/null, the others stay", "[standard_descriptors]") {
    CHECK(in_child_without({}, [] { return !is_null(0) && !is_null(1) && !is_null(2); }));
    CHECK(in_child_without({0}, [] { return is_null(0) && !is_null(1) && !is_null(2); }));
    CHECK(in_child_without({2}, [] { return !is_null(0) && !is_null(1) && is_null(2); }));
    CHECK(in_child_without({0, 2}, [] { return is_null(0) && !is_null(1) && is_null(2); }));
    CHECK(in_child_without({0, 1, 2}, [] { return is_null(0) && is_null(1) && is_null(2); }));
}

TEST_CASE("what is opened next has another number", "[standard_descriptors]") {
    CHECK(in_child_without({0, 1, 2}, [] { return ::open("/", O_RDONLY) > 2; }));
}

TEST_CASE("what is written to a standard descriptor that was closed is taken", "[standard_descriptors]") {
    CHECK(in_child_without({1, 2}, [] { return ::write(1, "x", 1) == 1 && ::write(2, "x", 1) == 1; }));
}
