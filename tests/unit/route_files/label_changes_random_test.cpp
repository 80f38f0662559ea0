// SPDX-License-Identifier: MIT
// Changes of random files against what a comparison of whole maps says.
#include <algorithm>
#include <map>
#include <random>

#include "catch.hpp"
#include "config_directory.hpp"
#include "route_files/label_changes.hpp"
#include "route_files/prox_file.hpp"

namespace dproxy::config {
namespace {

using File = std::shared_ptr<const routing::RouteFile>;
using Sections = std::map<std::string, std::pair<std::string, routing::RouteSettings>>;  ///< by label: file, settings

Sections in_force(const RoutesInForce& routes) {
    Sections all;
    const auto built = routing::RouteTable::build(routes.files);
    for (routing::RouteIndex route = 0; route < built.table->route_count(); ++route) {
        all.emplace(built.table->label(route),
                    std::pair{std::string(built.table->source(route).file), built.table->settings(route)});
    }
    return all;
}

LabelChanges expected(const RoutesInForce& before, const RoutesInForce& after) {
    const Sections then = in_force(before);
    const Sections now = in_force(after);
    LabelChanges changes;
    for (const auto& [label, section] : now) {
        const auto old = then.find(label);
        if (old == then.end()) changes.added.named.push_back(label);
        if (old != then.end() && old->second != section) changes.changed.named.push_back(label);
    }
    for (const auto& [label, section] : then) {
        if (!now.contains(label)) changes.removed.named.push_back(label);
    }
    return changes;
}

void check_equal(LabelList found, const LabelList& wanted) {
    REQUIRE(found.size() == wanted.named.size());
    const std::size_t named = std::min(wanted.named.size(), max_named_labels);
    REQUIRE(found.named == std::vector<std::string>(wanted.named.begin(),
                                                    wanted.named.begin() + static_cast<std::ptrdiff_t>(named)));
}

class Files {
public:
    explicit Files(unsigned seed) : random_(seed) {}

    /// Some files changed, added or removed; the others the same.
    RoutesInForce next() {
        for (std::size_t number = 0; number < 5; ++number) {
            const std::string name = "d/" + std::to_string(number);
            if (random_() % 3 != 0) continue;
            files_.erase(name);
            if (random_() % 4 != 0) files_.emplace(name, make(name));
        }
        RoutesInForce routes;
        for (const auto& [name, file] : files_) routes.files.push_back(file);
        routes.left_out = routing::RouteTable::build(routes.files).duplicates;
        std::sort(routes.left_out.begin(), routes.left_out.end());
        return routes;
    }

private:
    File make(const std::string& name) {
        std::string text;
        const unsigned long names = random_() % 2 == 0 ? 8 : 60;
        for (auto left = random_() % 30; left > 0; --left) {
            const std::string label = "r" + std::to_string(random_() % names) + ".test";
            const std::string address = "127.0.0." + std::to_string(1 + random_() % 2);
            text += test::route(random_() % 4 == 0 ? label + " *." + label : label, address);
        }
        auto parsed = parse_prox(text, name, {}, pool_);
        REQUIRE(parsed.file);
        return parsed.file;
    }

    std::mt19937 random_;
    routing::SettingsPool pool_;
    std::map<std::string, File> files_;
};

}  // namespace

TEST_CASE("changes of random files are those of whole comparisons") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        Files files(seed);
        RoutesInForce before;
        for (int round = 0; round < 40; ++round) {
            const RoutesInForce after = files.next();
            const LabelChanges found = changes_between(before, after);
            const LabelChanges wanted = expected(before, after);
            check_equal(found.added, wanted.added);
            check_equal(found.changed, wanted.changed);
            check_equal(found.removed, wanted.removed);
            before = after;
        }
    }
}

}  // namespace dproxy::config
