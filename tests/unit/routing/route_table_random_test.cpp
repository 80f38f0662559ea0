// SPDX-License-Identifier: MIT
// Random tables against a simple reference: the same routes for every name, the same sections left out.
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "dns/name.hpp"
#include "routing/pattern_text.hpp"
#include "table_of_patterns.hpp"

namespace dproxy::routing {
namespace {

class Dice {
public:
    explicit Dice(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t limit) { return random_() % limit; }

    /// Few letters, so that names meet; some of them need an escape, and some are capitals.
    std::string name() {
        static const std::vector<std::string> letters{"a", "b", "c", "C", "\\*", "x\\.y", "long-label-of-eighteen"};
        std::string text;
        for (std::size_t labels = 1 + below(4); labels > 0; --labels) text += letters[below(letters.size())] + '.';
        if (below(3) > 0) text.pop_back();
        return text;
    }
    std::string pattern() {
        if (below(40) == 0) return "*";
        static const std::vector<std::string> heads{"", "*.", "."};
        return heads[below(heads.size())] + name();
    }
    std::string section() {
        std::string text = pattern();
        for (std::size_t more = below(4) == 0 ? below(4) : 0; more > 0; --more) text += ' ' + pattern();
        return text;
    }

private:
    std::mt19937 random_;
};

/// By maps of texts, section after section.
class Reference {
public:
    explicit Reference(const std::vector<std::shared_ptr<const RouteFile>>& files) {
        for (const auto& file : files) {
            for (std::uint32_t section = 0; section < file->section_count(); ++section) add(*file, section);
        }
    }

    std::vector<std::pair<std::string, RouteTable::Source>> routes;
    std::vector<Duplicate> duplicates;

    RouteIndex find(dns::Bytes name) const {
        if (const auto exact = patterns_.find(pattern_text(PatternKind::exact, name)); exact != patterns_.end()) {
            return exact->second;
        }
        for (std::size_t at = 0; at < name.size() && name[at] != 0;) {
            at += std::size_t{name[at]} + 1;
            const auto below = patterns_.find(pattern_text(PatternKind::below, name.subspan(at)));
            if (below != patterns_.end()) return below->second;
        }
        const auto all = patterns_.find("*");
        return all == patterns_.end() ? no_route : all->second;
    }

private:
    void add(const RouteFile& file, std::uint32_t section) {
        const auto route = static_cast<RouteIndex>(routes.size());
        routes.emplace_back(file.label(section), RouteTable::Source{file.name(), file.line(section)});
        std::vector<std::string> taken;
        for (const Pattern pattern : file.patterns(section)) {
            for (const PatternKind kind : {PatternKind::exact, PatternKind::below}) {
                if (pattern.kind != kind && pattern.kind != PatternKind::both) continue;
                const std::string text = pattern_text(kind, pattern.name);
                const auto [known, added] = patterns_.try_emplace(text, route);
                if (added) {
                    taken.push_back(text);
                    continue;
                }
                const RouteTable::Source first = routes[known->second].second;
                duplicates.push_back({file.name(), file.line(section), text, std::string(first.file), first.line});
                for (const std::string& one : taken) patterns_.erase(one);
                routes.pop_back();
                return;
            }
        }
    }

    std::map<std::string, RouteIndex> patterns_;
};

std::vector<std::shared_ptr<const RouteFile>> random_files(Dice& dice) {
    std::vector<std::shared_ptr<const RouteFile>> files;
    const std::size_t most = dice.below(3) == 0 ? 300 : 12;
    for (std::size_t count = dice.below(6); count > 0; --count) {
        std::vector<std::string> sections;
        for (std::size_t left = dice.below(most); left > 0; --left) sections.push_back(dice.section());
        files.push_back(file_of("f" + std::to_string(count), sections));
    }
    return files;
}

}  // namespace

TEST_CASE("random tables route as a simple reference does", "[route_table]") {
    Dice dice(20240917);
    for (int round = 0; round < 300; ++round) {
        const auto files = random_files(dice);
        const Reference reference(files);
        const auto built = RouteTable::build(files);
        const RouteTable& table = *built.table;
        REQUIRE(built.duplicates == reference.duplicates);
        REQUIRE(table.route_count() == reference.routes.size());
        bool same = true;
        for (RouteIndex route = 0; route < table.route_count(); ++route) {
            const auto& [label, source] = reference.routes[route];
            same = same && table.label(route) == label && table.source(route).file == source.file;
            same = same && table.source(route).line == source.line && table.find_label(label) == route;
        }
        for (int asked = 0; asked < 100; ++asked) {
            const dns::Name name = name_of((asked % 4 == 0 ? "deep.er." : "") + dice.name());
            const dns::Name lower = name_of(name.to_text(), true);
            same = same && table.find(name.wire()) == reference.find(lower.wire());
        }
        REQUIRE(same);
    }
}

TEST_CASE("a label is found as it was written, and nothing that only begins like it", "[route_table]") {
    const auto table = table_of({"a.example *.b.example", "*", ".C.example", "x.example."});
    CHECK(table->find_label("a.example *.b.example") == 0);
    CHECK(table->find_label("*") == 1);
    CHECK(table->find_label(".C.example") == 2);
    CHECK(table->find_label("x.example.") == 3);
    for (const char* other : {"a.example", ".", "*.", "c.example", ".c.example", "x.example", "*.b.example", "", " ",
                              "*.example", "a..b", "q.a.example", "much.deeper.than.any.example"}) {
        CHECK(table->find_label(other) == no_route);
    }
    CHECK(RouteTable().find_label("a") == no_route);
}

}  // namespace dproxy::routing
