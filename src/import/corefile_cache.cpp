// SPDX-License-Identifier: MIT
#include "import/corefile_cache.hpp"

#include <algorithm>

#include "import/reverse_zones.hpp"
#include "ini/excerpt.hpp"
#include "ini/typed_values.hpp"

namespace dproxy::foreign {
namespace {

// What CoreDNS goes by where nothing is said, in seconds.
constexpr std::uint32_t own_least = 5;
constexpr std::uint32_t own_longest = 3600;
constexpr std::uint32_t own_negative = 1800;
constexpr std::uint32_t own_stale = 3600;

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

class Reader {
public:
    explicit Reader(Draft& draft) : draft_(draft) {}

    CorefileCache read(const CorefileDirective& directive) {
        Caching& to = result_.caching;
        to.on = true;
        to.least = own_least;
        to.longest = own_longest;
        to.negative = own_negative;
        std::size_t at = 1;
        if (directive.words.size() > 1 && is_number(directive.words[1])) {
            to.longest = cache_seconds(directive.words[at++], directive.line, draft_);
            to.negative = to.longest;
        }
        for (; at < directive.words.size(); ++at) {
            const auto reversed = reverse_zones(directive.words[at]);
            result_.zones.insert(result_.zones.end(), reversed.begin(), reversed.end());
            if (reversed.empty()) result_.zones.push_back(plain_name(directive.words[at]));
        }
        for (const auto& line : directive.block) read_line(line);
        return std::move(result_);
    }

private:
    void tell(const CorefileLine& line, std::string_view why) {
        draft_.leave_out(line.line, config::excerpt(line.words.front()) + " of `cache`: " + std::string(why));
    }

    void read_line(const CorefileLine& line) {
        Caching& to = result_.caching;
        const auto& words = line.words;
        const std::string& name = words.front();
        if (name == "success" || name == "denial") {
            if (words.size() > 1) tell(line, "the number of answers is left out; the setting `cache_size` has bytes");
            auto& longest = name == "success" ? to.longest : to.negative;
            if (words.size() > 2) longest = cache_seconds(words[2], line.line, draft_);
            if (words.size() > 3) read_least(line, name == "success");
        } else if (name == "prefetch" && words.size() > 1) {
            read_prefetch(line);
        } else if (name == "serve_stale") {
            to.stale = words.size() > 1 ? duration(line, words[1]) : own_stale;
            to.stale_at_once = words.size() < 3 || words[2] != "verify";
        } else if (name == "disable" && words.size() == 2 && words[1] == "denial") {
            to.negative = 0;
        } else if (name == "servfail") {
            tell(line, "SERVFAIL is kept for one second");
        } else {
            tell(line, "it has no counterpart in a route file");
        }
    }

    /// There it is one for answers and one for what is not there.
    void read_least(const CorefileLine& line, bool is_success) {
        const auto least = cache_seconds(line.words[3], line.line, draft_);
        if (is_success) {
            result_.caching.least = least;
        } else if (least != result_.caching.least) {
            tell(line, "the least time is that of `success` for both");
        }
    }

    void read_prefetch(const CorefileLine& line) {
        const auto amount = cache_seconds(line.words[1], line.line, draft_);
        result_.caching.prefetch = std::min<std::uint32_t>(amount.value_or(0), 255);
        if (line.words.size() > 2 || amount.value_or(0) > 255) {
            tell(line, "`cache_prefetch` has a number up to 255, and asks in the last tenth of the TTL");
        }
    }

    std::optional<std::uint32_t> duration(const CorefileLine& line, std::string_view text) {
        const auto read = config::parse_duration(text, std::chrono::seconds{0},
                                                 std::chrono::seconds{seven_days});
        if (read) return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(*read).count());
        tell(line, config::excerpt(text) + " was found; expected a time up to 7 days, as in 1h");
        return std::nullopt;
    }

    Draft& draft_;
    CorefileCache result_;
};

}  // namespace

CorefileCache read_corefile_cache(const CorefileDirective& directive, Draft& draft) {
    return Reader(draft).read(directive);
}

}  // namespace dproxy::foreign
