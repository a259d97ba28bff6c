"""Markdown as HTML that is safe to show inside a page: no script, no style, nothing that is loaded."""

from dataclasses import dataclass
from typing import Any

import nh3
from markdown import Markdown
from markdown.extensions.toc import slugify

_TAGS = set(
    "h1 h2 h3 h4 p br hr ul ol li strong em code pre blockquote table thead tbody tr th td a".split()  # noqa: SIM905
)
_READ = ["tables", "sane_lists"]
# A Content-Security-Policy without inline style ignores what an attribute `style` says.
_HOW: dict[str, dict[str, Any]] = {"tables": {"use_align_attribute": True}}
_ATTRIBUTES = {
    **{tag: {"id"} for tag in ("h1", "h2", "h3", "h4")},
    **{tag: {"align"} for tag in ("th", "td")},
    "a": {"href"},
}


@dataclass(frozen=True)
class Document:
    """A whole document as HTML."""

    html: str
    contents: str
    """A list of links to its sections; without any, a list of none."""


def to_fragment(markdown: str) -> str:
    """A piece of a page. Its headings have no anchors, which could be those of the page."""
    return _clean(Markdown(extensions=_READ, extension_configs=_HOW).convert(markdown))


def to_document(markdown: str) -> Document:
    """The document, with an anchor at every heading."""
    toc: dict[str, dict[str, Any]] = {"toc": {"toc_depth": "2-2", "marker": ""}}
    reader = Markdown(extensions=[*_READ, "toc"], extension_configs=_HOW | toc)
    html = _clean(reader.convert(markdown))
    return Document(html=html, contents=_clean(getattr(reader, "toc", "")))


def anchor_of(place: str) -> str:
    """Where a page that shows a document has a section of it, by its heading, or an entry such as INC-12#7."""
    incident, mark, seq = place.rpartition("#")
    return f"e{seq}" if mark and incident else slugify(place, "-")


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        clean_content_tags={"script", "style"},
    )
