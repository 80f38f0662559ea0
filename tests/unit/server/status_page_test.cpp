// SPDX-License-Identifier: MIT
#include "server/status_page.hpp"

#include "server/page_sections.hpp"
#include "status_scene.hpp"

using namespace dproxy;
using namespace dproxy::server;
using dproxy::test::StatusScene;

namespace {

std::string page(const StatusScene& scene) { return status_page(scene.facts); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

/// From a heading to the next.
std::string section(const std::string& page, const std::string& heading) {
    const std::size_t begin = page.find("\">" + heading + "</h2>");
    if (begin == std::string::npos) return {};
    return page.substr(begin, page.find("<h2 ", begin) - begin);
}

}  // namespace

TEST_CASE("the page begins with what matters most", "[status_page]") {
    StatusScene scene;
    CHECK(has(page(scene), "<h1>dproxy 1.2.3</h1>"));
    CHECK(has(page(scene), "<p><span class=\"good\">ready</span>, running for 100 s with "
                           "1 worker, listens on 127.0.0.1:53<br>\n2 routes of 1 file, version c0ffee, changes are "
                           "noticed at once (inotify)</p>"));
    scene.facts.not_ready = "draining";
    scene.facts.watch = {telemetry::WatchMode::poll, "no more watches"};
    CHECK(has(page(scene), "<span class=\"bad\">not ready: draining</span>"));
    CHECK(has(page(scene), "without inotify: no more watches</span>"));
}

TEST_CASE("certificates are shown with their faults and their end", "[status_page]") {
    StatusScene scene;
    CHECK(section(page(scene), "Certificates").empty());
    scene.facts.listen.tls = {*net::Endpoint::parse("127.0.0.1:853", 0)};
    scene.facts.config.certificates = {
        {"a/tls.crt", true, 1'800'000'000}, {"b/tls.crt", false, 1'700'000'000}, {"<c>", false, std::nullopt}};
    scene.facts.config.certificate_faults = {"b/tls.key: not there"};
    const std::string shown = page(scene);
    CHECK(has(shown, "listens on 127.0.0.1:53; over TLS on 127.0.0.1:853<br>"));
    const std::string found = section(shown, "Certificates");
    CHECK(has(found, "<span class=\"bad\">b/tls.key: not there</span>"));
    CHECK(has(found, "<th scope=\"row\">a/tls.crt</th><td data-of=\"State\"><span class=\"good\">in force</span></td>"
                     "<td data-of=\"Expires\">2027-01-15</td>"));
    CHECK(has(found, "has expired</span></td><td data-of=\"Expires\">2023-11-14</td>"));
    CHECK(has(found, "<th scope=\"row\">&lt;c&gt;</th><td data-of=\"State\"><span class=\"bad\">there is none"));
}

TEST_CASE("times are told as people do", "[status_page]") {
    StatusScene scene;
    const auto told = [&](std::uint64_t seconds, const std::string& text) {
        scene.facts.uptime_seconds = seconds;
        return has(page(scene), "running for " + text + " with");
    };
    CHECK(told(119, "119 s"));
    CHECK(told(120, "2 min"));
    CHECK(told(7199, "119 min"));
    CHECK(told(7200, "2 h"));
    CHECK(told(172'799, "47 h"));
    CHECK(told(172'800, "2 days"));
}

TEST_CASE("what there is none of has no heading", "[status_page]") {
    const std::string plain = page(StatusScene());
    CHECK(section(plain, "Faults in files").empty());
    CHECK(section(plain, "Loops").empty());
    CHECK(section(plain, "Host names").empty());
    CHECK_FALSE(has(plain, "The busiest routes"));
    for (const char* heading :
         {"Last ten minutes", "Upstreams", "Routes", "Last reloads", "Traffic since the start", "Route files"}) {
        CHECK_FALSE(section(plain, heading).empty());
    }
}

TEST_CASE("what comes from files is text, wherever it stands", "[status_page]") {
    const std::string script = "<script>alert('\"&\")</script>";
    StatusScene scene;
    scene.facts.version = scene.facts.not_ready = script;
    scene.facts.watch = {telemetry::WatchMode::poll, script};
    scene.change_routes([&](config::RoutesState& routes) {
        routes.hash = script;
        routes.faults = {{config::Severity::error, script, 1, script, script}};
        routes.files = {{script, true, true}};
    });
    proxy::HostReport host;
    host.host = host.fault = script;
    scene.facts.hosts = {host};
    ReloadNote note;
    note.changes.added.named = note.changes.removed.named = {script};
    scene.facts.reloads = std::make_shared<const std::vector<ReloadNote>>(std::vector{note});
    scene.facts.past.busiest = {{script, 1, RecentPast::Seconds(600)}};
    CHECK_FALSE(has(page(scene), "<script"));
    CHECK(count(page(scene), "&lt;script&gt;") == 14);  // the version twice
}

TEST_CASE("upstreams that are down come first", "[status_page]") {
    StatusScene scene;
    scene.upstream(1).health->up = false;
    const std::string upstreams = section(page(scene), "Upstreams");
    CHECK(upstreams.find("192.0.2.2:54") < upstreams.find("192.0.2.1:53"));
    CHECK(has(section(page(scene), "Routes"), "192.0.2.1:53, <span class=\"bad\">192.0.2.2:54 (down)</span>"));
}

TEST_CASE("upstreams that are asked most come before the others", "[status_page]") {
    StatusScene scene({"a.test"}, {"192.0.2.1", "192.0.2.2", "192.0.2.3"});
    scene.facts.past.upstreams[scene.upstream(1).slot] = {30, 0};
    scene.facts.past.upstreams[scene.upstream(2).slot] = {40, 0};
    scene.facts.past.asked_upstreams = 70;
    const std::string upstreams = section(page(scene), "Upstreams");
    CHECK(upstreams.find("192.0.2.3") < upstreams.find("192.0.2.2"));
    CHECK(upstreams.find("192.0.2.2") < upstreams.find("192.0.2.1"));
}

TEST_CASE("a route says where it goes and where it stands", "[status_page]") {
    StatusScene scene;
    scene.counters.route((*scene.facts.publication->route_slots)[1]).requests.add(12);
    const std::string routes = section(page(scene), "Routes");
    CHECK(has(routes, "<tr><th scope=\"row\">*.b.test</th><td data-of=\"Goes to\">192.0.2.1:53, 192.0.2.2:54</td>"
                      "<td data-of=\"File\">d/a.prox:11</td><td data-of=\"Queries\" class=\"n\">12</td>"
                      "<td data-of=\"SERVFAIL\" class=\"n\">0</td></tr>"));
    CHECK(has(routes, "<th scope=\"row\">(none)</th>"));
    CHECK_FALSE(has(routes, "(master)"));
}

TEST_CASE("of very many of each the first are shown, and how many more there are", "[status_page]") {
    std::vector<std::string> sections, upstreams;
    for (std::size_t i = 0; i < 2 * max_page_rows; ++i) sections.push_back("n" + std::to_string(i) + ".test");
    for (std::size_t i = 0; i < max_page_upstreams + 3; ++i) upstreams.push_back("192.0.2." + std::to_string(i + 1));
    StatusScene scene(sections, upstreams);
    scene.change_routes([](config::RoutesState& routes) {
        routes.faults.assign(max_page_rows + 7, {config::Severity::error, "f", 1, "m"});
        routes.files.assign(max_page_rows + 1, {"good", true, true});
        routes.files.back() = {"broken", false, false};
    });
    for (std::size_t i = 0; i < max_page_rows + 2; ++i) scene.add_loop("b" + std::to_string(i) + ".test", 1, 0);
    const std::string whole = page(scene);
    const auto is_cut = [&](const std::string& heading, const std::string& more) {
        const std::string part = section(whole, heading);
        return count(part, "<tr>") == max_page_rows + 1 && has(part, "<p>and " + more + " more, in ");
    };
    CHECK(is_cut("Faults in files", "7"));
    CHECK(is_cut("Loops", "2"));
    CHECK(is_cut("Routes", std::to_string(max_page_rows + 1)));
    CHECK(is_cut("Route files", "1"));
    CHECK(has(section(whole, "Routes"), " and 3 more"));
    // The broken one comes first.
    CHECK(section(whole, "Route files").find("broken") < section(whole, "Route files").find("good"));
    CHECK(whole.size() < 500'000);
}

TEST_CASE("a fault's text is shown as far as it goes", "[status_page]") {
    StatusScene scene;
    const std::size_t without = page(scene).size();
    scene.change_routes([](config::RoutesState& routes) {
        routes.faults = {{config::Severity::warning, "f", 0, std::string(100'000, 'x')},
                         {config::Severity::error, "g", 7, "wrong", "adress = 1"}};
    });
    CHECK(page(scene).size() < without + 3000);
    const std::string faults = section(page(scene), "Faults in files");
    CHECK(has(faults, "<th scope=\"row\">f</th><td data-of=\"Line\" class=\"n\"></td>"
                      "<td data-of=\"Kind\">warning</td>"));
    CHECK(has(faults, "<td data-of=\"The line itself\"><code>adress = 1</code></td>"));
}

TEST_CASE("kept answers are shown where there are any", "[status_page]") {
    StatusScene scene;
    CHECK_FALSE(has(page(scene), "Kept answers"));
    scene.facts.cache_size = 64 << 20;
    scene.counters.cache_entries.set(1);
    scene.counters.cache_bytes.set(1 << 19);
    scene.counters.route(telemetry::first_route_slot).cache[telemetry::CacheEvent::hit].add(17);
    scene.counters.responses[0][0][telemetry::Source::cache].add(11);
    scene.counters.responses[0][0][telemetry::Source::stale].add(6);
    const std::string kept = section(page(scene), "Kept answers");
    CHECK(has(kept, "1 answer in 0.5 MiB of 64.0 MiB"));
    CHECK(has(kept, "<tr><th scope=\"row\">queries answered from memory</th>"
                    "<td data-of=\"How many\" class=\"n\">17</td></tr>"));
    const std::string traffic = section(page(scene), "Traffic since the start");
    CHECK(has(traffic, "<td data-of=\"Which\">NOERROR, kept</td><td data-of=\"How many\" class=\"n\">11</td>"));
    CHECK(has(traffic, "<td data-of=\"Which\">NOERROR, kept, beyond its TTL</td>"
                       "<td data-of=\"How many\" class=\"n\">6</td>"));
}

TEST_CASE("an upstream's share and failures are those of ten minutes", "[status_page]") {
    StatusScene scene;
    const telemetry::Slot slot = scene.upstream(0).slot;
    scene.counters.upstream(slot).failures[telemetry::Failure::timeout].add(5);
    scene.counters.upstream(slot).usual_reply_ns.set(2'500'000);
    scene.facts.past.upstreams[slot] = {30, 2};
    scene.facts.past.asked_upstreams = 40;
    const std::string upstreams = section(page(scene), "Upstreams");
    CHECK(has(upstreams, "<td data-of=\"Share\" class=\"n\">75 %</td>"
                         "<td data-of=\"Reply time\" class=\"n\">2.50 ms</td>"));
    CHECK(has(upstreams, "timeout 5; <span class=\"bad\">2 in the last ten minutes</span>"));
}

TEST_CASE("the last ten minutes are drawn and told", "[status_page]") {
    StatusScene scene;
    CHECK(has(section(page(scene), "Last ten minutes"), "not known yet"));
    RecentPast::Seconds seconds(600);
    for (auto& second : seconds) {
        second = {30, 0, telemetry::BriefDuration::of_ns(1e6), telemetry::BriefDuration::of_ns(5e6)};
    }
    seconds[300] = {600, 60, telemetry::BriefDuration::of_ns(1e6), telemetry::BriefDuration::of_ns(4e8)};
    scene.facts.past.total = seconds;
    scene.facts.past.busiest = {{"a.test", 18'000, seconds}};
    const std::string past = section(page(scene), "Last ten minutes");
    CHECK(has(past, "30 a second now, at most 125"));
    CHECK(has(past, "half within 1.00 ms now, 99 of 100 within 5.00 ms, at most 400 ms"));
    CHECK(has(past, "0 a second now, at most 10"));
    CHECK(has(past, "<th scope=\"row\">a.test</th>"));
    CHECK(count(past, "role=\"img\" aria-label=\"") == 6);
    CHECK(past.size() < 40'000);
}

TEST_CASE("reloads are told with what they changed", "[status_page]") {
    StatusScene scene;
    ReloadNote change;
    change.time = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
    change.duration = std::chrono::microseconds(1500);
    change.routes = 12;
    change.faults = 1;
    change.changes.added = {{"a.test", "b.test"}, 4};
    change.changes.removed = {{"c.test"}, 0};
    ReloadNote first;
    first.is_first = true;
    scene.facts.reloads = std::make_shared<const std::vector<ReloadNote>>(std::vector{change, first});
    scene.facts.config.successes = 3;
    scene.facts.config.failures = 1;
    const std::string reloads = section(page(scene), "Last reloads");
    CHECK(has(reloads, "<th scope=\"row\">2027-01-15 08:00:00 UTC</th>"));
    CHECK(has(reloads, ">added a.test, b.test and 4 more; removed c.test</td>"));
    CHECK(has(reloads, "<span class=\"bad\">1</span>"));
    CHECK(has(reloads, "1.50 ms"));
    CHECK(has(reloads, "read at the start"));
    CHECK(has(reloads, "4 reloads since the start, 1 of them with faults"));
}

TEST_CASE("the page comes again by itself only when it is asked to", "[status_page]") {
    StatusScene scene;
    CHECK_FALSE(has(page(scene), "http-equiv=\"refresh\""));
    PageQuestion question;
    question.refreshes = true;
    CHECK(has(status_page(scene.facts, question), "<meta http-equiv=\"refresh\" content=\"10\">"));
}

TEST_CASE("what was asked stands in its field again, as text", "[status_page]") {
    PageQuestion question;
    question.search = "\"><script>";
    question.name = "www.example.com";
    question.type = "MX";
    question.client = "192.0.2.1";
    std::string begun;
    begin_page(question, "dproxy", "", begun);
    CHECK_FALSE(has(begun, "<script"));
    CHECK(has(begun, "name=\"search\" value=\"&quot;&gt;&lt;script&gt;\""));
    CHECK(has(begun, "name=\"name\" value=\"www.example.com\""));
    CHECK(has(begun, "name=\"type\" value=\"MX\""));
    CHECK(has(begun, "name=\"client\" value=\"192.0.2.1\""));
}
