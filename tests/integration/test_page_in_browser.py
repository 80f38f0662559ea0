# SPDX-License-Identifier: MIT
"""The page at / in Chromium: wide and narrow, light and dark, by keyboard; nothing is asked of anybody else. And what
its HTML and style sheet promise to people who see little or use no mouse."""
import contextlib

import pytest
from harness.browser import IS_HERE, Browser
from harness.contrast import contrast, schemes
from harness.page import page
from harness.ports import ClosedPort
from harness.prox_directory import route

PATHS = ["/", "/?search=test", "/?name=www.a.test&type=A&client=192.0.2.1", "/?name=a..b"]
browsers = pytest.mark.skipif(not IS_HERE, reason="no chromium here: `apt-get install chromium` brings it")


@pytest.fixture(scope="module")
def dead():
    with contextlib.closing(ClosedPort()) as port:
        yield port


@pytest.fixture(scope="module")
def proxy(shared_world, dead):
    """Well and unwell: every section of the page has something."""
    upstream = shared_world.upstream(1)
    long = "a-very-long-label-that-goes-on-and-on." * 5 + "test"
    files = {"a.prox": route("www.a.test", upstream, dead) + route(f"*.a.test {long}", dead, health="on")
             + route("h.test", "ns.nowhere.invalid", cache="on") + route("b.test", answer="nodata"),
             "broken.prox": f"[c.test]\n    adress = {'x' * 500}\n"}
    started = shared_world.proxy(files, usemasterupstream="true", masterupstream=upstream)
    for name in ("www.a.test", "x.a.test", "b.test", "else.test"):
        started.ask("udp", name)
    return started


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with contextlib.closing(Browser(tmp_path_factory.mktemp("browser"))) as started:
        yield started


def url(proxy, path="/"):
    return f"http://127.0.0.1:{proxy.admin_port}{path}"


# What stands in the page.

@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_what_it_is(proxy, path):
    shown = page(proxy, path)
    first, attributes, _ = shown.elements[0]
    assert (first, attributes.get("lang")) == ("html", "en") and shown.title.startswith("dproxy")
    assert "width=device-width" in next(a["content"] for tag, a, _ in shown.elements if a.get("name") == "viewport")
    assert [tag for tag, _, _ in shown.elements if tag in ("header", "main", "footer")] == ["header", "main", "footer"]


@pytest.mark.parametrize("path", PATHS)
def test_headings_are_in_order(proxy, path):
    levels = [level for level, _ in page(proxy, path).headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(below <= above + 1 for above, below in zip(levels, levels[1:])), levels
    assert all(heading.strip() for _, heading in page(proxy, path).headings)


@pytest.mark.parametrize("path", PATHS)
def test_every_field_has_a_label_and_every_table_its_headings(proxy, path):
    shown = page(proxy, path)
    for tag, attributes, parents in shown.elements:
        if tag == "input":
            assert "label" in parents, attributes
        if tag == "th":
            assert attributes.get("scope") == ("col" if "thead" in parents else "row")
        if tag == "svg":
            assert attributes.get("role") == "img" and attributes.get("aria-label")
        assert "tabindex" not in attributes and "style" not in attributes
    tags = [tag for tag, _, _ in shown.elements]
    assert tags.count("caption") == tags.count("table")
    assert all(row[at].strip() for row in (shown.rows[at] for at in shown.heading_rows()) for at in range(len(row)))


@pytest.mark.parametrize("path", PATHS)
def test_links_within_the_page_lead_somewhere(proxy, path):
    attributes = page(proxy, path).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in attributes if name == "href" and value.startswith("#")} <= set(ids)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_text_can_be_read(proxy, scheme):
    colours = schemes(page(proxy).style)[scheme]
    for ground in ("paper", "panel"):
        for text in ("ink", "soft", "link", "good", "bad", "mark"):
            assert contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}: {colours}"


def test_no_other_colours_are_there(proxy):
    """So that the ones above are all."""
    style = page(proxy).style
    rules = style.split("}\n", 1)[1].split("}\n", 1)[1]
    assert "#" not in rules.split("}\n", 1)[1] and "rgb" not in style and "url(" not in style


# What a browser makes of it.

@browsers
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", [360, 768, 940, 1280])
def test_nothing_is_wider_than_the_screen(proxy, browser, width, path):
    browser.open(url(proxy, path), width=width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    out = browser.evaluate("""[...document.querySelectorAll('body *')].filter(
        one => !one.closest('.unseen, .skip, thead') && one.getBoundingClientRect().right > innerWidth + 1
    ).map(one => one.outerHTML.slice(0, 200))""")
    assert out == []


@browsers
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_asked_of_anybody_else_and_nothing_is_refused(proxy, browser, path):
    browser.open(url(proxy, path))
    assert {event["request"]["url"] for event in browser.events_of("Network.requestWillBeSent")} <= {
        url(proxy, path), "data:,"}
    # The empty icon only keeps browsers from asking for one; that it is refused as well does no harm.
    told = [event["entry"]["text"] for event in browser.events_of("Log.entryAdded")]
    assert not [text for text in told if "'data:,'" not in text]
    assert browser.events_of("Runtime.exceptionThrown") == []


@browsers
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_has_it(proxy, browser, scheme):
    browser.open(url(proxy), scheme=scheme)
    ground = browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    colour = "#" + "".join(f"{int(one):02x}" for one in ground[4:-1].split(","))
    assert colour == schemes(page(proxy).style)[scheme]["paper"]


@browsers
def test_the_first_key_skips_to_the_content_and_focus_is_seen(proxy, browser):
    browser.open(url(proxy))
    browser.press("Tab")
    assert browser.evaluate("document.activeElement.className") == "skip"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    seen = set()
    for _ in range(20):
        seen.add(browser.evaluate("document.activeElement.name || document.activeElement.textContent"))
        outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", seen
        browser.press("Tab")
    assert {"search", "Search", "name", "type", "client", "Explain"} <= seen


@browsers
@pytest.mark.parametrize(("field", "text", "told"), [
    ("search", "b.test", "1 route of 4"), ("name", "www.a.test", "is routed by www.a.test")])
def test_fields_are_asked_by_keyboard(proxy, browser, field, text, told):
    browser.open(url(proxy))
    browser.evaluate(f"document.querySelector('[name={field}]').focus()")
    browser.write(text)
    browser.events.clear()
    browser.press("Enter")
    browser.next(lambda said: said.get("method") == "Page.loadEventFired")
    assert told in browser.evaluate("document.body.innerText")
    assert browser.evaluate(f"document.querySelector('[name={field}]').value") == text


@browsers
def test_charts_have_a_size(proxy, browser):
    for width in (360, 1280):
        browser.open(url(proxy), width=width)
        sizes = browser.evaluate("""[...document.querySelectorAll('svg')].map(one => {
            const box = one.getBoundingClientRect(); return [box.width, box.height] })""")
        assert len(sizes) >= 3 and all(wide > 80 and high > 20 for wide, high in sizes), sizes
