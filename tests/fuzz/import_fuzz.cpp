// SPDX-License-Identifier: MIT
// Any text at all as the configuration of another server, in each language: it gives a route file that is read without
// a fault and has no pattern twice, and messages fit to be shown.
#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "import/draft.hpp"
#include "import/import.hpp"
#include "ini/ini_reader.hpp"
#include "route_files/prox_file.hpp"
#include "routing/route_table.hpp"
#include "unit/route_files/trusting_encryption.hpp"

using namespace dproxy;
using foreign::Language;

namespace {

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
    });
}

void check_route_file(const std::string& text) {
    if (text.size() > config::max_ini_file_bytes) return;  // told, and to be cut by whoever wants it
    routing::SettingsPool pool;
    config::ProxOptions options{{.encryption = &test::trusting_encryption}};
    options.text_of = [](std::string_view) { return config::NamedText{std::make_shared<const std::string>()}; };
    const auto parsed = config::parse_prox(text, "fuzz.prox", options, pool);
    MUST_HOLD(parsed.file != nullptr);
    MUST_HOLD(routing::RouteTable::build({parsed.file}).duplicates.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto language : {Language::corefile, Language::dnsmasq, Language::unbound, Language::bind}) {
        const auto result = foreign::read_foreign(text, "fuzz.conf", language);
        check_route_file(result.text);
        MUST_HOLD(result.left_out.size() <= foreign::max_left_out + 1);
        for (const auto& one : result.left_out) {
            MUST_HOLD(one.file == "fuzz.conf" && !one.message.empty() && is_printable(one.message));
        }
    }
    foreign::recognise("fuzz.conf", text);
    return 0;
}
