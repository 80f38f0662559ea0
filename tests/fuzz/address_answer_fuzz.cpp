// SPDX-License-Identifier: MIT
// A reply to a question for addresses, from a nameserver that may say anything.
#include <algorithm>
#include <functional>

#include "dns/address_answer.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto answer = read_address_answer({data, size});
    const auto& addresses = answer.addresses;
    MUST_HOLD((answer.finding == AddressFinding::found) == !addresses.empty());
    MUST_HOLD(addresses.size() <= max_answer_records);
    MUST_HOLD(std::adjacent_find(addresses.begin(), addresses.end(), std::greater_equal<>()) == addresses.end());
    MUST_HOLD(answer.ttl <= 0x7fffffff);
    return 0;
}
