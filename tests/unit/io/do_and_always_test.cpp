// SPDX-License-Identifier: MIT
#include "io/do_and_always.hpp"

#include <stdexcept>
#include <string>

#include "catch.hpp"

using dproxy::io::do_and_always;

TEST_CASE("the last thing is done once, after the work", "[do_and_always]") {
    std::string done;
    do_and_always([&] { done += "work "; }, [&] { done += "last "; });
    CHECK(done == "work last ");
}

TEST_CASE("the last thing is done where the work fails, and the failure is passed on", "[do_and_always]") {
    std::string done;
    const auto fail = [&] {
        done += "work ";
        throw std::runtime_error("no memory");
    };
    CHECK_THROWS_WITH(do_and_always(fail, [&] { done += "last "; }), "no memory");
    CHECK(done == "work last ");
}
