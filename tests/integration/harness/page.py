# SPDX-License-Identifier: MIT
"""A page for people, read: its text by table rows, its elements and what they have."""
import html.parser

VOID = {"meta", "link", "br", "input", "path"}


class Page(html.parser.HTMLParser):
    """Text by table rows; every element is closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.rows, self.text, self.headings = [], [], [], "", []
        self.title = self.style = ""
        self.feed(text)
        self.close()
        assert self.open == []

    @property
    def tags(self):
        return {tag for tag, _, _ in self.elements}

    @property
    def attributes(self):
        return [pair for _, attributes, _ in self.elements for pair in attributes.items()]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        inside = set(self.open)
        if "title" in inside:
            self.title += data
        elif "style" in inside:
            self.style += data
        elif inside & {"td", "th"}:
            self.rows[-1][-1] += data
        else:
            self.text += data
        if inside & {"h1", "h2", "h3"}:
            level, heading = self.headings[-1]
            self.headings[-1] = (level, heading + data)

    def row(self, first, cells=None):
        """The one row that begins so, among tables with as many columns."""
        (found,) = [row for row in self.rows if row[0] == first and cells in (None, len(row))]
        return found

    def heading_rows(self):
        rows, found = -1, set()
        for tag, _, parents in self.elements:
            rows += tag == "tr"
            if tag == "th" and "thead" in parents:
                found.add(rows)
        return found


def page(proxy, path="/"):
    status, headers, body = proxy.get(path)
    assert status == 200
    assert {key.lower(): value for key, value in headers.items()}["content-type"] == "text/html; charset=utf-8"
    return Page(body)
