// SPDX-License-Identifier: MIT
#include "server/cpu_count.hpp"

#include <sched.h>

#include "catch.hpp"

using namespace dproxy::server;

TEST_CASE("a quota is in CPUs, rounded up", "[cpu_count]") {
    CHECK(quota_of_cpu_max("100000 100000\n") == 1U);
    CHECK(quota_of_cpu_max("100001 100000\n") == 2U);
    CHECK(quota_of_cpu_max("200000 100000") == 2U);
    CHECK(quota_of_cpu_max("50000 100000\n") == 1U);
    CHECK(quota_of_cpu_max("1 1000000\n") == 1U);
    CHECK(quota_of_cpu_max("250000 50000\n") == 5U);
}

TEST_CASE("where there is no quota none is found", "[cpu_count]") {
    for (const char* text : {"max 100000\n", "", "\n", "100000", "0 100000", "100000 0", "a b"}) {
        INFO(text);
        CHECK_FALSE(quota_of_cpu_max(text));
    }
}

TEST_CASE("a quota beyond all machines stays a number", "[cpu_count]") {
    CHECK(quota_of_cpu_max("18446744073709551000 1") == 1024U);
    CHECK_FALSE(quota_of_cpu_max("99999999999999999999999 1"));
}

TEST_CASE("no more CPUs are usable than this thread may run on", "[cpu_count]") {
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    CHECK(usable_cpus() >= 1);
    CHECK(usable_cpus() <= static_cast<unsigned>(CPU_COUNT(&before)));
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
        if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
    }
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(usable_cpus() == 1);
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}
