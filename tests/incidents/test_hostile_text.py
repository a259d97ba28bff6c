"""Whatever somebody wrote into whichever field, it stays text: in Markdown, HTML, CSV and PDF."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from incidents.reviews.action_files import write_actions
from incidents.reviews.audiences import Audience
from incidents.reviews.charts import charts
from incidents.reviews.outside import compose_for
from incidents.reviews.pdf import missing, to_pdf
from incidents.reviews.record import Record
from incidents.reviews.redaction import INTERNAL, View
from incidents.reviews.retrospective import compose, to_html
from incidents.reviews.statements import references_in, sections_of
from tests.incidents.planting import planted
from tests.incidents.test_pdf import objects
from tests.incidents.test_retrospective import GENERATOR

MADE_BY_US = {
    "About.id": "INC-12",
    "About.phase": "reviewing",
    "Entry.incident": "INC-12",
    "SweepRecord.id": "INC-12-S1",
    "ActionItem.id": "INC-12-A1",
    "Earlier.id": "INC-9",
    "EarlierAction.id": "INC-9-A1",
    "SectionRecord.text": "People write lists and references, and tests of their own say what becomes of them.",
    "FactorRecord.supports": ["INC-12#1"],
    "FactorRecord.against": ["INC-12#2"],
}
"""Fields that Watchfloor alone writes, and that a document prints as they are. All others are planted."""

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)><b onclick=q>b</b>&lt;i&gt;<!--",
    "links": "[click](javascript:alert(1)) <https://evil.example> https://evil.example www.evil.example",
    "pictures": "![x](http://evil.example/p.png) ![][1]",
    "right to left": "\u202eevil\u202c \u2066x\u2069 \u200f\u061c",
    "control characters": "a\x00b\x1b[31mred\x07\x08\r\nnext\x0bline\x0c\x85\u2028\u2029end\ufeff",
    "templates": "{{ 7 * 7 }} {% raw %} {# x #} ${7*7} #{7*7}",
    "formulas": "=HYPERLINK(\"http://evil.example\";\"x\")",
    "a table": "| a | b |\n|---|---|\n| c || d |",
    "backticks": "`` ` ``` code ~~~ `INC-1#1`",
    "headings": "# One\n## Summary\n### Three\nUnder\n=====\nUnder\n-----",
    "lists": "- a\n* b\n1. c\n+ d\n> quoted",
    "emphasis": "*all of this explains* **bold** __bold__ _x_ ~~gone~~",
    "references": "INC-1#1 `INC-1#1` (`INC-12#7`) Evidence: `INC-12#9`.",
    "a long title": "title " * 20_000,
    "entities": "&#60;script&#62; &#x3c;b&#x3e; &NewLine; &lpar;",
    "footnotes and HTML blocks": "[^1]: x\n<details><summary>s</summary>\n\n***\n---\n\\",
}  # fmt: skip
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff]")
VIEWS = [INTERNAL, View(Audience.public), View(Audience.partner, "german")]


def record_of(text: str) -> Record:
    return planted(lambda _path: text, MADE_BY_US)


def shape(markdown: str) -> list[str]:
    """What kind of thing each line is, whatever it says: a heading, a row of so many cells, an item, a text."""
    return [_shape(line) for line in markdown.splitlines()]


def _shape(line: str) -> str:
    if found := re.match(r"#{1,6} |[-*+] |\d+\. |> ?|\s+", line):
        return re.sub(r"\d+", "1", found[0])
    if line.startswith("|"):
        cells = len(re.findall(r"(?<!\\)\|", line)) - 1
        return f"row of {cells}"
    return "text" if line else ""


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, ...]] = set()
        self.links: set[str] = set()
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, *sorted(name for name, _ in attrs)))
        self.links |= {
            value or "" for name, value in attrs if name in ("href", "src", "style") and tag != "div"
        }

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_changes_no_heading_no_table_no_reference_and_no_element(text: str, view: View) -> None:
    clean = compose_for(record_of("plain words"), view, generator="plain words")
    written = compose_for(record_of(text), view, generator=text)
    assert shape(written) == shape(clean)
    assert sections_of(written) == sections_of(clean)
    assert references_in(written) == references_in(clean)
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff]", written
    )
    page, before = Elements(to_html(written, text)), Elements(to_html(clean, "plain words"))
    assert page.found <= before.found
    assert page.links <= before.links
    assert page.comments == []
    assert len(written) < 30 * len(clean)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_does_nothing_in_a_spreadsheet(text: str, tmp_path: Path) -> None:
    write_actions(tmp_path / "actions.csv", record_of(text).actions)
    with (tmp_path / "actions.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == 1
    assert all(len(row) == len(header) for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in rows for cell in row)


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_it_does_nothing_in_a_pdf() -> None:
    poisoned = record_of(" ".join(text[:400] for text in HOSTILE.values()))
    text = compose(poisoned, generator=GENERATOR)
    known = [each for each in objects(to_pdf(to_html(text, "x", charts(poisoned)))) if isinstance(each, dict)]
    links = [each for each in known if each.get("/Subtype") == "/Link"]
    assert links, "references lead into the full log"
    assert all("/A" not in each or "/URI" not in each["/A"] for each in links)
    assert not any({"/JS", "/JavaScript", "/Launch", "/EmbeddedFiles", "/AA"} & set(each) for each in known)
