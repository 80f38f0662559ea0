// SPDX-License-Identifier: MIT
// A name that was read from text is written as text that reads as the same name; and so is one from the wire.
#include <algorithm>
#include <string_view>

#include "dns/name.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

namespace {

void check_round_trip(const Name& name) {
    const auto again = Name::parse(name.to_text(), false);
    MUST_HOLD(!again.fault);
    const Bytes before = name.wire();
    const Bytes after = again.name.wire();
    MUST_HOLD(std::equal(before.begin(), before.end(), after.begin(), after.end()));
    MUST_HOLD(before.size() <= max_name_length && before.back() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = Name::parse(text, false);
    const auto lower = Name::parse(text, true);
    MUST_HOLD(parsed.fault == lower.fault);
    MUST_HOLD(equal_ignoring_case(parsed.name.wire(), lower.name.wire()));
    if (!parsed.fault) check_round_trip(parsed.name);

    std::size_t at = size / 2;
    if (const auto name = Name::read({data, size}, at)) {
        MUST_HOLD(at > size / 2 && at <= size);
        check_round_trip(*name);
    }
    return 0;
}
