// SPDX-License-Identifier: MIT
#include "route_files/on_threads.hpp"

#include "catch.hpp"
#include "route_files/route_store.hpp"
#include "store_fixture.hpp"

using namespace dproxy;
using test::StoreFixture;

TEST_CASE("each item is worked on once, by however many threads") {
    for (const unsigned threads : {0u, 1u, 2u, 7u, 1000u}) {
        for (const std::size_t count : {0u, 1u, 5u, 1000u}) {
            std::vector<int> items(count, 0);
            config::for_each_on_threads(items, threads, [](int& item) { ++item; });
            CHECK(std::all_of(items.begin(), items.end(), [](int item) { return item == 1; }));
        }
    }
}

TEST_CASE_METHOD(StoreFixture, "routes read by several threads are those read by one") {
    for (int number = 0; number < 40; ++number) {
        const std::string n = std::to_string(number);
        std::string text = test::route("a" + n + ".test", "127.0.0." + std::to_string(1 + number % 3));
        if (number % 7 == 0) text += test::route("a0.test");
        if (number % 11 == 5) text += "what\n";
        test::write_file(file("f" + n + ".prox"), text);
    }
    const auto read_by = [this](unsigned threads) {
        config::RouteStoreOptions options{{location}};
        options.threads_at_start = threads;
        config::RouteStore store(std::move(options));
        return reload(store);
    };
    const auto one = read_by(1);
    const auto many = read_by(8);
    CHECK(one.state->routes == many.state->routes);
    CHECK(one.state->hash == many.state->hash);
    CHECK(one.state->faults == many.state->faults);
    CHECK(one.state->files == many.state->files);
    CHECK(one.state->faults.size() == 4 + 6);
    // Equal settings are stored once, whoever read them first.
    CHECK(many.state->table->settings_list().size() == 3);
}
