// SPDX-License-Identifier: MIT
#include "import/import.hpp"

#include <utility>

#include "import/corefile.hpp"
#include "import/dnsmasq.hpp"
#include "import/draft.hpp"
#include "import/named_conf.hpp"
#include "import/prox_text.hpp"
#include "import/unbound.hpp"

namespace dproxy::foreign {

Import read_foreign(std::string_view text, std::string_view file, Language language, std::string_view lists_called) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    Draft draft{std::string(file)};
    if (text.size() > max_import_bytes) {
        draft.leave_out(0, "the file has more than " + std::to_string(max_import_bytes) +
                               " bytes; the rest is not read");
        text = text.substr(0, max_import_bytes);
    }
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    switch (language) {
        case Language::corefile: read_corefile(text, draft); break;
        case Language::dnsmasq: read_dnsmasq(text, draft); break;
        case Language::unbound: read_unbound(text, draft); break;
        case Language::bind: read_named_conf(text, draft); break;
    }
    auto [route_file, lists] = prox_text(draft, name_of(language), lists_called);
    return {std::move(route_file), std::move(lists), draft.take_left_out()};
}

}  // namespace dproxy::foreign
