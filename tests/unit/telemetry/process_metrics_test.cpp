// SPDX-License-Identifier: MIT
#include "telemetry/process_metrics.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "catch.hpp"

using namespace dproxy::telemetry;

TEST_CASE("/proc/self/stat is read behind the program's name, whatever that is", "[process_metrics]") {
    const auto stat = parse_process_stat(
        "12 (a) b) R (c) S 1 2 3 4 5 6 7 8 9 10 300 45 13 14 15 16 17 18 9999 1000000 250 18446744073709551615 1\n");
    REQUIRE(stat);
    CHECK(stat->cpu_ticks == 345);
    CHECK(stat->start_ticks == 9999);
    CHECK(stat->virtual_bytes == 1000000);
    CHECK(stat->resident_pages == 250);
    CHECK_FALSE(parse_process_stat(""));
    CHECK_FALSE(parse_process_stat("12 (a) S 1 2 3"));
    CHECK_FALSE(parse_process_stat("12 a S 1 2 3 4 5 6 7 8 9 10 300 45 13 14 15 16 17 18 9999 1000000 250 1"));
}

TEST_CASE("the time of boot is a line of /proc/stat", "[process_metrics]") {
    CHECK(parse_boot_time("cpu 1 2\nbtime 1700000000\nprocesses 5\n") == 1700000000U);
    CHECK_FALSE(parse_boot_time("cpu 1 2\nprocesses 5\n"));
    CHECK_FALSE(parse_boot_time("cpu 1 2\nbtime soon\n"));
    CHECK_FALSE(parse_boot_time("cpu 1 2\nbtime "));
}

TEST_CASE("what is no number in /proc is not taken for one", "[process_metrics]") {
    const auto with_memory = [](const std::string& memory) {
        return parse_process_stat("12 (a) S 1 2 3 4 5 6 7 8 9 10 300 45 13 14 15 16 17 18 9999 " + memory + " 250 1");
    };
    CHECK(with_memory("1000000"));
    CHECK(with_memory("18446744073709551615"));
    CHECK_FALSE(with_memory("18446744073709551616"));
    CHECK_FALSE(with_memory("-1"));
    CHECK_FALSE(with_memory("12x"));
    CHECK_FALSE(parse_process_stat(")"));
    CHECK_FALSE(parse_boot_time("btime 1700000000\n"));  // the kernel's first line is another one
}

TEST_CASE("this process has facts", "[process_metrics]") {
    const ProcessFacts facts = read_process_facts();
    CHECK(facts.cpu_seconds.value_or(-1) >= 0);
    CHECK(facts.start_time_seconds.value_or(0) > 1.6e9);
#ifndef DPROXY_EMULATED  // qemu-user makes up a /proc/self/stat, with no memory in it
    CHECK(facts.virtual_memory_bytes.value_or(0) > facts.resident_memory_bytes.value_or(0));
    CHECK(facts.resident_memory_bytes.value_or(0) > 100'000);
#endif
    CHECK(facts.open_fds.value_or(0) >= 3);
    CHECK(facts.max_fds.value_or(0) >= facts.open_fds.value_or(1));
}

TEST_CASE("each open descriptor is counted once", "[process_metrics]") {
    const auto before = read_process_facts().open_fds;
    REQUIRE(before);
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    CHECK(read_process_facts().open_fds == *before + 1);
    ::close(fd);
    CHECK(read_process_facts().open_fds == before);
}
