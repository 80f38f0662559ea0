// SPDX-License-Identifier: MIT
#include "net/network_map.hpp"

#include <algorithm>
#include <random>
#include <set>

#include "catch.hpp"
#include "net/network_list.hpp"

namespace dproxy::net {
namespace {

std::vector<Network> networks_of(const std::vector<std::string>& texts) {
    std::vector<Network> networks;
    for (const std::string& text : texts) networks.push_back(*Network::parse(text));
    return networks;
}

/// The longest network that holds the address, by asking each.
std::uint32_t longest_of(const std::vector<Network>& networks, const Address& address) {
    std::uint32_t best = NetworkMap::none;
    for (std::uint32_t i = 0; i < networks.size(); ++i) {
        if (!networks[i].contains(address)) continue;
        if (best == NetworkMap::none || networks[i].prefix > networks[best].prefix) best = i;
    }
    return best;
}

class Dice {
public:
    explicit Dice(unsigned seed) : random_(seed) {}
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    /// Few bits differ, so that networks lie in each other and part at each bit.
    Address address() {
        Address address;
        if (below(2) == 0) {
            address = Address::v4(10, byte(), byte(), byte());
        } else {
            address.bytes[0] = 0x20;
            for (std::size_t i = 1; i < 16; ++i) address.bytes[i] = below(3) == 0 ? byte() : std::uint8_t{0};
        }
        if (below(12) == 0) address = Address{};
        return address;
    }
    Network network() {
        const Address base = address();
        const unsigned length = base.is_v4() ? below(33) : below(129);
        return *Network::parse(base.to_string() + "/" + std::to_string(length));
    }

private:
    std::uint8_t byte() {
        static constexpr std::array<std::uint8_t, 6> some{0, 1, 2, 128, 129, 255};
        return some[below(some.size())];
    }
    std::mt19937 random_;
};

}  // namespace

TEST_CASE("the longest network that holds an address is found", "[network_map]") {
    const auto networks = networks_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/23", "10.1.2.3", "0.0.0.0/0",
                                       "2001:db8::/32", "2001:db8:1::/48", "::/0", "2001:db8:1::1"});
    const NetworkMap map(networks);
    const auto longest = [&](std::string_view text) { return map.longest(*Address::parse(text)); };
    CHECK(longest("10.9.9.9") == 0);
    CHECK(longest("10.1.9.9") == 1);
    CHECK(longest("10.1.3.9") == 2);
    CHECK(longest("10.1.2.3") == 3);
    CHECK(longest("11.0.0.1") == 4);
    CHECK(longest("::ffff:10.1.2.3") == 3);
    CHECK(longest("2001:db8:2::1") == 5);
    CHECK(longest("2001:db8:1::2") == 6);
    CHECK(longest("2001:db8:1::1") == 8);
    CHECK(longest("fe80::1") == 7);
    CHECK(map.around(3) == 2);
    CHECK(map.around(2) == 1);
    CHECK(map.around(1) == 0);
    CHECK(map.around(0) == 4);
    CHECK(map.around(4) == NetworkMap::none);
    CHECK(map.around(8) == 6);
    CHECK(map.around(6) == 5);
    CHECK(map.around(5) == 7);
}

TEST_CASE("a map without networks holds nothing", "[network_map]") {
    CHECK_FALSE(NetworkMap().holds(Address::v4(10, 0, 0, 1)));
    const NetworkMap of_v6(networks_of({"::/0"}));
    CHECK(of_v6.holds(*Address::parse("2001:db8::1")));
    CHECK_FALSE(of_v6.holds(Address::v4(10, 0, 0, 1)));
}

TEST_CASE("random networks: as if each were asked", "[network_map]") {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        Dice dice(seed);
        std::set<Network> each;
        for (unsigned count = dice.below(60); count > 0; --count) each.insert(dice.network());
        std::vector<Network> networks(each.begin(), each.end());
        std::shuffle(networks.begin(), networks.end(), std::mt19937(seed));
        const NetworkMap map(networks);
        for (int i = 0; i < 200; ++i) {
            const Address address = i % 3 == 0 && !networks.empty()
                                        ? networks[dice.below(static_cast<unsigned>(networks.size()))].base
                                        : dice.address();
            INFO(address.to_string());
            const std::uint32_t expected = longest_of(networks, address);
            REQUIRE(map.longest(address) == expected);
            if (expected == NetworkMap::none) continue;
            std::vector<Network> shorter(networks);
            std::erase_if(shorter, [&](const Network& one) { return one.prefix >= networks[expected].prefix; });
            const std::uint32_t around = longest_of(shorter, address);
            const std::uint32_t told = map.around(expected);
            REQUIRE((told == NetworkMap::none) == (around == NetworkMap::none));
            if (told != NetworkMap::none) REQUIRE(networks[told] == shorter[around]);
        }
    }
}

TEST_CASE("a list may name a network twice, and in one within another", "[network_map]") {
    const NetworkList list(networks_of({"10.0.0.0/8", "10.0.0.0/8", "10.1.0.0/16"}));
    CHECK(list.contains(Address::v4(10, 1, 0, 1)));
    CHECK(list.contains(Address::v4(10, 2, 0, 1)));
    CHECK_FALSE(list.contains(Address::v4(11, 2, 0, 1)));
    CHECK(list.networks().size() == 3);
}

TEST_CASE("a list of few networks and one of many say the same", "[network_map]") {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        Dice dice(seed);
        std::vector<Network> networks;
        for (unsigned count = dice.below(20); count > 0; --count) networks.push_back(dice.network());
        const NetworkList list(networks);
        for (int i = 0; i < 50; ++i) {
            const Address address = dice.address();
            REQUIRE(list.contains(address) == (longest_of(networks, address) != NetworkMap::none));
        }
    }
}

TEST_CASE("a list contains what one of its networks does", "[network_map]") {
    const NetworkList list({*Network::parse("10.0.0.0/8"), *Network::parse("::1")});
    CHECK(list.contains(Address::v4(10, 1, 1, 1)));
    CHECK(list.contains(*Address::parse("::1")));
    CHECK_FALSE(list.contains(Address::v4(11, 1, 1, 1)));
    CHECK_FALSE(list.empty());
    CHECK(list == NetworkList({*Network::parse("10.0.0.0/8"), *Network::parse("::1")}));
    CHECK(NetworkList().empty());
    CHECK_FALSE(NetworkList().contains(Address::v4(10, 1, 1, 1)));
}

TEST_CASE("memory is in proportion to the networks", "[network_map]") {
    std::mt19937 random(7);
    std::vector<Network> networks;
    for (int i = 0; i < 10'000; ++i) {
        Address address;
        for (auto& byte : address.bytes) byte = static_cast<std::uint8_t>(random());
        address.bytes[0] = 0x20;
        networks.push_back(*Network::parse(address.to_string() + "/64"));
    }
    CHECK(NetworkMap(networks).memory_bytes() < networks.size() * 256);
}

}  // namespace dproxy::net
