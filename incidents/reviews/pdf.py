"""Print a page as PDF, where WeasyPrint and the libraries that it draws with are installed.

The page is the same that a browser shows, so the PDF says what it says. Nothing is loaded: neither from the
network nor from files, whatever a page asks for.
"""

import re
from functools import cache
from typing import Final

from incidents.errors import BadInput
from incidents.words import render

GET_IT: Final = (
    "It takes `pip install 'watchfloor[pdf]'` and, of the system, Pango: `apt-get install libpangoft2-1.0-0`"
)

_OUTWARD: Final = re.compile(r'(<a\b[^>]*?) href="(?!#)[^"]*"')
"""A link to elsewhere, as the page's cleaning leaves it. In a file that is passed around it leads nowhere."""


def refuse_missing() -> None:
    """Return where a PDF can be written; BadInput that says what to install where none can."""
    if why := missing():
        raise BadInput(f"No PDF can be written here, and nothing was: {why}.")


@cache
def missing() -> str:
    """Why no PDF can be written here; empty where one can."""
    try:
        import weasyprint  # noqa: F401, PLC0415 - a second to load, and not everywhere there
    except ImportError:
        return f"WeasyPrint is not installed. {GET_IT}"
    except OSError as error:  # it is there, and a library of the system is not
        return f"WeasyPrint cannot draw here ({str(error).splitlines()[0]}). {GET_IT}"
    return ""


def to_pdf(page: str) -> bytes:
    """A page of HTML as PDF on A4; the same page gives the same bytes on one machine.

    Ask `refuse_missing` first.
    """
    from weasyprint import CSS, HTML  # noqa: PLC0415 - as above
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    nothing = URLFetcher(allowed_protocols=())
    style = CSS(string=render("retrospective-pdf.css"), url_fetcher=nothing)
    drawn = HTML(string=_OUTWARD.sub(r"\1", page), url_fetcher=nothing).write_pdf(stylesheets=[style])
    assert isinstance(drawn, bytes), "without a target it returns what it wrote"
    return drawn
