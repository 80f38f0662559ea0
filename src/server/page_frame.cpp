// SPDX-License-Identifier: MIT
// Held by tests/unit/server/status_page_test.cpp and tests/integration/test_page_in_browser.py.
#include "server/page_frame.hpp"

#include "admin/html.hpp"

namespace dproxy::server {

namespace {

using admin::html;

constexpr std::string_view head =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n";

/// Of what was asked, shown again in its field: longer than any name.
constexpr std::size_t max_field_bytes = 1100;

/// Colours are hexadecimal, so that a test can compute their contrast.
constexpr std::string_view style = R"(<style>
:root { color-scheme: light dark; --paper: #ffffff; --panel: #f3f5f8; --ink: #1b1f24; --soft: #535c66;
  --rule: #c9d1da; --link: #0a50b0; --good: #146c2e; --bad: #b3161f; --mark: #0a50b0 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #10151b; --panel: #1a2129; --ink: #e4e9ee; --soft: #a3aeb9; --rule: #39434e; --link: #86bbff;
    --good: #6bd38a; --bad: #ff938a; --mark: #86bbff }
}
* { box-sizing: border-box }
html { font: 16px/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink) }
body { margin: 0 auto; max-width: 76rem; padding: 0 1rem 3rem }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px }
.skip { position: absolute; left: -999rem }
.skip:focus { position: static }
h1 { font-size: 1.5rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; overflow-wrap: anywhere }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem }
p { margin: .4rem 0; overflow-wrap: anywhere }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: .8rem 0; padding: 0 }
.forms { display: grid; gap: 1rem; margin: 1rem 0 }
form { display: flex; flex-wrap: wrap; gap: .6rem .8rem; align-items: end; background: var(--panel);
  border: 1px solid var(--rule); border-radius: .5rem; padding: .8rem 1rem }
form p { flex: 1 0 100%; color: var(--soft); margin: 0 }
label { display: grid; flex: 1 1 8rem; font-weight: 600; gap: .2rem }
label.wide { flex: 4 1 14rem }
input, button { font: inherit; font-weight: 400; color: var(--ink); background: var(--paper);
  border: 1px solid var(--soft); border-radius: .3rem; padding: .35rem .6rem; min-width: 0 }
button { cursor: pointer; font-weight: 600 }
::placeholder { color: var(--soft); opacity: 1 }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--rule); padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top }
thead th { color: var(--soft); font-weight: 600 }
tbody th { font-weight: 600; min-width: 14rem }
td { min-width: 5rem }
tbody th, td, code { overflow-wrap: anywhere }
code { font: .92em ui-monospace, monospace; white-space: pre-wrap }
.n { text-align: right; white-space: nowrap }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.bad { color: var(--bad); font-weight: 600 }
.good { color: var(--good) }
.soft { color: var(--soft) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem }
figure { margin: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: .5rem;
  padding: .7rem .9rem }
figcaption { font-weight: 600 }
.chart { display: block; width: 100%; height: 4rem; border-bottom: 1px solid var(--rule) }
td .chart { height: 2rem; min-width: 7rem }
.chart path { fill: none; stroke: var(--mark); stroke-width: 1.5; vector-effect: non-scaling-stroke;
  stroke-linecap: round; stroke-linejoin: round }
.chart .line2 { stroke: var(--soft); stroke-dasharray: 3 3 }
.chart.failures path { stroke: var(--bad) }
@media (max-width: 58rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, tbody, tr, th, td { display: block }
  tr { border-bottom: 1px solid var(--rule); padding: .5rem 0 }
  th, td, td.n, tbody th { border: 0; min-width: 0; padding: .1rem 0; text-align: left; white-space: normal }
  td { display: grid; grid-template-columns: minmax(6.5rem, 32%) 1fr; gap: .6rem }
  td::before { content: attr(data-of); color: var(--soft) }
  td:empty { display: none }
  .pairs tr { display: grid; grid-template-columns: minmax(6.5rem, 38%) 1fr; gap: .6rem }
  .pairs td { display: block }
  .pairs td::before { content: none }
}
@media print { form, nav, .skip { display: none } }
</style>
)";

constexpr std::string_view sections =
    "<nav aria-label=\"Sections\"><ul>"
    "<li><a href=\"#past\">Last ten minutes</a></li><li><a href=\"#upstreams\">Upstreams</a></li>"
    "<li><a href=\"#routes\">Routes</a></li><li><a href=\"#reloads\">Reloads</a></li>"
    "<li><a href=\"#traffic\">Traffic</a></li><li><a href=\"#files\">Route files</a></li>"
    "<li><a href=\"#programs\">For programs</a></li></ul></nav>\n";

/// `more` is of the element of the field, as it is.
void add_field(std::string_view label, std::string_view name, std::string_view value, std::string_view more,
               std::string& page) {
    page.append(name == "type" || name == "client" ? "<label>" : "<label class=\"wide\">");
    page.append(label).append("<input name=\"").append(name).append("\" value=\"");
    page.append(html(value, max_field_bytes)).append("\" ").append(more);
    page += " autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"></label>\n";
}

void add_fields(const PageQuestion& question, std::string& page) {
    page += "<div class=\"forms\">\n<form method=\"get\" role=\"search\" aria-label=\"Routes\">\n";
    add_field("Search the routes", "search", question.search,
              "type=\"search\" required placeholder=\"example.com or 192.0.2.1\"", page);
    page += "<button>Search</button>\n<p>A part of a section's name, or of an upstream's address.</p>\n</form>\n"
            "<form method=\"get\" aria-label=\"A name\">\n";
    add_field("Where does a name go?", "name", question.name, "required placeholder=\"www.example.com\"", page);
    add_field("Type", "type", question.type, "placeholder=\"A\" size=\"6\"", page);
    add_field("Asked by", "client", question.client, "placeholder=\"any address\" size=\"14\"", page);
    page += "<button>Explain</button>\n"
            "<p>The route that a query takes, what it says, and why the others lost. Nothing is asked of anybody.</p>\n"
            "</form>\n</div>\n";
}

}  // namespace

void begin_page(const PageQuestion& question, std::string_view title, std::string_view lead, std::string& page) {
    page += head;
    if (question.refreshes) page += "<meta http-equiv=\"refresh\" content=\"10\">\n";
    page.append("<title>").append(title).append("</title>\n").append(style);
    page += "</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to what there is</a>\n<header>\n<h1>";
    page.append(title).append("</h1>\n").append(lead);
    if (question.is_asked()) {
        page += "<p><a href=\"?\">All of the page</a></p>\n";
    } else {
        page += sections;
    }
    add_fields(question, page);
    page += "</header>\n<main id=\"main\">\n";
}

void end_page(std::string& page) {
    page += "</main>\n<footer>\n";
    page += "<h2 id=\"programs\">For programs</h2>\n<p><a href=\"status\">/status</a>, <a href=\"routes\">/routes</a>, "
            "<a href=\"files\">/files</a>, <a href=\"history\">/history</a>, "
            "<a href=\"explain?name=www.example.com\">/explain?name=www.example.com</a>: the same as JSON. "
            "<a href=\"metrics\">/metrics</a>: for Prometheus. <a href=\"livez\">/livez</a>, "
            "<a href=\"readyz\">/readyz</a>: for probes.</p>\n</footer>\n</body>\n</html>\n";
}

}  // namespace dproxy::server
