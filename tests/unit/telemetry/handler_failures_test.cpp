// SPDX-License-Identifier: MIT
#include "telemetry/handler_failures.hpp"

#include <unistd.h>

#include <array>
#include <new>
#include <string>

#include "catch.hpp"

using namespace dproxy::telemetry;

namespace {

/// A loop with handlers of which the first ones fail.
struct Loop {
    int failing;
    int ended = 0;
    void run() {
        if (failing == 0) {
            ++ended;
        } else if (failing-- == 2) {
            throw 5;
        } else {
            throw std::bad_alloc();
        }
    }
};

}  // namespace

TEST_CASE("a loop goes on after an exception, which is counted and told now and then", "[handler_failures]") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    {
        LogOptions options;
        options.descriptor = ends[1];
        Log log(options);
        HandlerFailures failures(log);
        Loop loop{3};
        failures.run(loop, "worker-7");
        CHECK(loop.ended == 1);
        CHECK(failures.count() == 3);
        failures.note("reload", "something else");
        CHECK(failures.count() == 4);
    }
    ::close(ends[1]);
    std::array<char, 4096> text{};
    const ssize_t length = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    REQUIRE(length > 0);
    const std::string line(text.data(), static_cast<std::size_t>(length));
    CHECK(line.find("a handler failed: its thread goes on thread=worker-7 error=std::bad_alloc left_out=0\n") !=
          std::string::npos);
    CHECK(line.find('\n') == line.size() - 1);
}
