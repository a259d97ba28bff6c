"""Retrospectives as files: one version for whoever reads it, and what an audience is given, in a folder."""

import json
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

from console.api_door import Caller
from console.proving import figures_of
from console.reviewing import find_to_read
from incidents.errors import WatchfloorError
from incidents.files import write_whole
from incidents.reviews.audiences import Audience
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.pdf import refuse_missing, to_pdf
from incidents.reviews.retrospective import to_html
from incidents.reviews.sharing import Shared
from incidents.store.reviews import read_draft
from incidents.words import clean


class Ending(StrEnum):
    """As which file a version is had."""

    md = "md"
    html = "html"
    pdf = "pdf"


MEDIA: Final = {Ending.md: "text/markdown", Ending.html: "text/html", Ending.pdf: "application/pdf"}
"""Ending of a file → its media type."""


def version_file(calls: Caller, incident: str, version: int | None, ending: Ending) -> tuple[str, bytes]:
    """A version, else the newest, as a file that needs nothing beside it: its name and what is in it.

    Raises what `find_to_read` raises, and WatchfloorError for a PDF where that is not installed.
    """
    if ending is Ending.pdf:
        refuse_missing()
    with calls.store.read() as work:
        by = calls.person_in(work, incident)
        found = find_to_read(work, calls.catalogue, incident, Audience.internal, by)
        draft = read_draft(work, incident, version)
        drawn = [] if ending is Ending.md else figures_of(work, draft)
    name = f"{incident}-retrospective-v{draft.version}.{ending}"
    if ending is Ending.md:
        return name, draft.markdown.encode()
    page = to_html(draft.markdown, f"{incident}: {clean(found.title)}", drawn)
    return name, to_pdf(page) if ending is Ending.pdf else page.encode()


def write_shared(shared: Shared, out: Path, *, with_pdf: bool = False) -> list[Path]:
    """Write INC-12-public.md, .html, perhaps .pdf, and .json, each whole or not at all; return them in order.

    WatchfloorError where the folder or the disk refuses.
    """
    name = f"{shared.incident}-{shared.view}"
    page = page_of(shared)
    texts = {f"{name}.md": shared.markdown.encode(), f"{name}.html": page.encode()}
    texts |= {f"{name}.pdf": to_pdf(page)} if with_pdf else {}
    texts |= {f"{name}.json": _index(shared, texts).encode()}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            write_whole(out / file, text)
    except OSError as error:
        raise WatchfloorError(
            f"Nothing of {shared.incident} was shared: {out} cannot be written to ({error.strerror}). Choose"
            " another folder."
        ) from error
    return [out / file for file in texts]


def page_of(shared: Shared) -> str:
    """The document as one page of HTML, with its charts in it."""
    return to_html(shared.markdown, f"{shared.incident}, for {shared.view}", shared.charts)


def _index(shared: Shared, texts: dict[str, bytes]) -> str:
    told = {
        "incident": shared.incident,
        "audience": shared.view.audience.value,
        "team": shared.view.team,
        "version": shared.version,
        "record_hash": shared.input_hash,
        "written_by": GENERATOR,
        "files": {file: sha256(text).hexdigest() for file, text in texts.items()},
    }
    return json.dumps(told, indent=2, sort_keys=True) + "\n"
