"""Leave what an audience is given in a folder: the document, its page, and an index of both."""

import json
from hashlib import sha256
from pathlib import Path

from incidents.errors import WatchfloorError
from incidents.files import write_whole
from incidents.reviews.drafting import GENERATOR
from incidents.reviews.pdf import to_pdf
from incidents.reviews.retrospective import to_html
from incidents.reviews.sharing import Shared


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
