// SPDX-License-Identifier: MIT
// Against the bytes that the protobuf documentation gives as examples, and the bounds of each kind.
#include "dnstap/protobuf.hpp"

#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace dproxy;
using Octets = std::vector<std::uint8_t>;

namespace {

Octets number(unsigned field, std::uint64_t value) {
    Octets out;
    dnstap::put_number(out, field, value);
    return out;
}

}  // namespace

TEST_CASE("a number has seven bits a byte, the lowest first", "[protobuf]") {
    CHECK(number(1, 150) == Octets{0x08, 0x96, 0x01});
    CHECK(number(1, 0) == Octets{0x08, 0x00});
    CHECK(number(1, 127) == Octets{0x08, 0x7f});
    CHECK(number(1, 128) == Octets{0x08, 0x80, 0x01});
    CHECK(number(1, ~std::uint64_t{0}) ==
          Octets{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
}

TEST_CASE("the number of a field beyond 15 takes two bytes", "[protobuf]") {
    CHECK(number(15, 1) == Octets{0x78, 0x01});
    CHECK(number(16, 1) == Octets{0x80, 0x01, 0x01});
}

TEST_CASE("32 bits of fixed length have their lowest byte first", "[protobuf]") {
    Octets out;
    dnstap::put_fixed32(out, 9, 0x01020304);
    CHECK(out == Octets{0x4d, 0x04, 0x03, 0x02, 0x01});
}

TEST_CASE("bytes stand behind their length, and behind what was there", "[protobuf]") {
    Octets out{0xaa};
    const Octets text{'t', 'e', 's', 't', 'i', 'n', 'g'};
    dnstap::put_bytes(out, 2, text);
    CHECK(out == Octets{0xaa, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g'});
    out.clear();
    dnstap::put_bytes(out, 2, {});
    CHECK(out == Octets{0x12, 0x00});
    out.clear();
    const Octets large(65535, 0x55);
    dnstap::put_bytes(out, 10, large);
    CHECK(out.size() == 1 + 3 + large.size());
    CHECK(Octets(out.begin(), out.begin() + 4) == Octets{0x52, 0xff, 0xff, 0x03});
}
