// SPDX-License-Identifier: MIT
#include "io/one_by_one.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <string>

#include "catch.hpp"

using namespace dproxy::io;

TEST_CASE("what is ready has its turn between two pieces of work", "[one_by_one]") {
    boost::asio::io_context loop;
    const auto works = std::make_shared<OneByOne>(loop);
    std::string order;
    const auto note = [&order](char letter) { return [&order, letter] { order += letter; }; };
    for (const char letter : {'a', 'b', 'c'}) works->add(note(letter));
    CHECK(order.empty());
    boost::asio::post(loop, note('1'));
    loop.run_one();
    boost::asio::post(loop, note('2'));
    loop.run();
    CHECK(order == "a1b2c");
}

TEST_CASE("work that throws is followed by the next, and works go on after the owner let go", "[one_by_one]") {
    boost::asio::io_context loop;
    int done = 0;
    {
        const auto works = std::make_shared<OneByOne>(loop);
        works->add([] { throw std::runtime_error("a test"); });
        works->add([&] {
            ++done;
            works->add([&] { ++done; });
        });
        CHECK_THROWS_AS(loop.run(), std::runtime_error);
        loop.run();
    }
    CHECK(done == 2);
}
