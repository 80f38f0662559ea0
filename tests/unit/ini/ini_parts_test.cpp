// SPDX-License-Identifier: MIT
// A text cut into parts must say what the whole text says, and keys that were read before what they said then.
#include <array>
#include <random>

#include "catch.hpp"
#include "ini/ini_reader.hpp"
#include "route_files/prox_file.hpp"

namespace dproxy::config {
namespace {

std::string described(const std::vector<IniEvent>& events) {
    std::string all;
    for (const IniEvent& event : events) {
        all += std::to_string(static_cast<int>(event.kind)) + ' ' + std::to_string(event.line) + ' ' + event.key + '=' +
               std::string(event.text) + ' ' + event.fault + '\n';
    }
    return all;
}

std::string random_text(std::mt19937& random, bool faulty) {
    static const std::vector<std::string> headers{"[*.a.test]\n", "[b.test]\r\n", "  [ c.test *.c.test ] # x\n",
                                                  "[D.test.]\n", "\t[.e.test]\n", "[,f.test]\n"};
    static const std::vector<std::string> bodies{
        "address = 127.0.0.1\nport = 53\n", "\taddress\t\t= 127.0.0.1\n\tport\t\t= 54\n\n", "answer = nxdomain\n\n",
        "address = 127.0.0.1 ; port = 3\ntimeout = 1s\n\n# [x]\n", "answer = drop\r\n"};
    static const std::vector<std::string> faults{
        "[x\n", "[]\n", "[,]\n", "[g.test] h\n", "[*.*]\n", "address = 1\n", "port = 5\nport = 5\n", "?\n", "#",
        "\xef\xbb\xbf", "\xef\xbb\xbf[a.test]\naddress = 127.0.0.1\nport = 53\n", "[a\x01z]\n", "[q.test];r\n", "\n"};
    std::string text;
    for (auto left = random() % 12; left > 0; --left) {
        text += headers[random() % headers.size()];
        text += bodies[random() % bodies.size()];
        if (faulty && random() % 8 == 0) text += faults[random() % faults.size()];
        if (faulty && random() % 16 == 0) text.insert(0, faults[random() % faults.size()]);
    }
    return text;
}

/// What a file says, in full.
std::string described(const ProxParse& parse) {
    std::string all;
    for (const Diagnostic& diagnostic : parse.diagnostics) all += diagnostic.to_string() + '\n';
    if (!parse.file) return all + "no file\n";
    for (std::uint32_t section = 0; section < parse.file->section_count(); ++section) {
        const routing::RouteSettings& settings = *parse.file->settings(section);
        all += std::to_string(parse.file->line(section)) + " [" + parse.file->label(section) + "] " +
               std::to_string(settings.timeout.count()) + ' ' + std::to_string(static_cast<int>(settings.answer));
        for (const auto& target : settings.targets) all += ' ' + target.endpoint.to_string();
        all += '\n';
    }
    return all;
}

/// The same text with a comment in each line of keys, so that no two sections have the same keys to the byte.
std::string each_line_unlike(const std::string& text) {
    std::string all;
    std::size_t number = 0;
    for (const char c : text) {
        if (c == '\n' && !all.ends_with('\r')) all += " #" + std::to_string(number++);
        all += c;
    }
    return all;
}

}  // namespace

TEST_CASE("the parts of a text say what the whole says", "[ini_parts]") {
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        const std::string text = random_text(random, true);
        std::vector<IniEvent> events;
        std::string joined;
        IniParts parts(text);
        while (const auto part = parts.next()) {
            joined += part->text();
            auto own = read_ini(part->text(), part->line);
            const auto section = part->plain_section();
            if (section) {
                REQUIRE(own.front().kind == IniEvent::Kind::section);
                REQUIRE(own.front().text == *section);
                REQUIRE(own.front().line == part->line);
            }
            for (IniEvent& event : own) events.push_back(std::move(event));
        }
        REQUIRE(joined == text);
        REQUIRE(described(events) == described(read_ini(text)));
    }
}

TEST_CASE("sections with the same keys as one before are what they would be alone", "[ini_parts]") {
    std::mt19937 random(11);
    for (int round = 0; round < 2000; ++round) {
        const std::string text = random_text(random, false);
        routing::SettingsPool pool;
        const ProxParse parsed = parse_prox(text, "d/a.prox", {}, pool);
        REQUIRE(described(parsed) == described(parse_prox(each_line_unlike(text), "d/a.prox", {}, pool)));
        REQUIRE(parsed.diagnostics.empty());
    }
}

TEST_CASE("a fault is found in every section, whatever stood before", "[ini_parts]") {
    const std::string good = "[a.test]\naddress = 127.0.0.1\n";
    routing::SettingsPool pool;
    const auto faults = [&pool](const std::string& text) {
        return described(parse_prox(text, "d/a.prox", {}, pool));
    };
    CHECK(faults(good + "[*.*]\naddress = 127.0.0.1\n").starts_with("d/a.prox:3: `*.*` is not a pattern"));
    CHECK(faults(good + "[,]\naddress = 127.0.0.1\n").starts_with("d/a.prox:3: the section names no pattern"));
    CHECK(faults(good + "[b.test\naddress = 127.0.0.1\n").starts_with("d/a.prox:3: `[b.test` has no closing bracket"));
    CHECK(faults(good + "[b.test] c\naddress = 127.0.0.1\n").starts_with("d/a.prox:3: `c` stands after"));
    CHECK(faults("\xef\xbb\xbf" + good + "[b.test]\n\xef\xbb\xbf" + good).starts_with("d/a.prox:4: "));
    const std::string first_line_only = "[" + std::string(max_ini_line_bytes, 'b') + "]\n";
    CHECK(faults(good + first_line_only + "address = 127.0.0.1\n").starts_with("d/a.prox:3: the line is 4098 bytes"));
}

}  // namespace dproxy::config
