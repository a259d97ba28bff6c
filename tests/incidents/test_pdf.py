"""The PDF says what the page says, comes out the same each time, and fetches nothing."""

import builtins
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pypdf import PdfReader

from incidents.errors import BadInput
from incidents.reviews import pdf
from incidents.reviews.pdf import missing, refuse_missing, to_pdf
from incidents.reviews.retrospective import to_html
from tests.incidents.test_words import HOSTILE
from tests.tasks.servers import answers, http_partner

CRISIS = Path(__file__).parent.parent / "golden" / "retrospective-crisis.md"

needs_weasyprint = pytest.mark.skipif(bool(missing()), reason=missing())


def objects(content: bytes) -> Iterator[Any]:
    """Every object of a PDF."""
    reader = PdfReader(BytesIO(content))
    for number in range(1, int(str(reader.trailer["/Size"]))):
        found = reader.get_object(number)
        if found is not None:
            yield found


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


@needs_weasyprint
def test_the_same_page_gives_the_same_bytes_and_says_what_it_says() -> None:
    page = to_html(CRISIS.read_text(encoding="utf-8"), "INC-12")
    drawn = to_pdf(page)
    assert drawn == to_pdf(page)
    told = text_of(drawn)
    assert "A candidate incident was opened at 2026-11-22 18:00 UTC" in told
    assert "Full log" in told
    assert f"1 / {told.count(' / ')}" in told


@needs_weasyprint
def test_nothing_is_loaded_from_the_network_or_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.css"
    secret.write_text("body::after { content: 'OUT OF A FILE' }")
    with http_partner(answers(200, body=b"body::after { content: 'OUT OF THE NETWORK' }")) as server:
        here, there = server.url, secret.as_uri()
        asks = [
            f'<link rel="stylesheet" href="{here}/a.css"><link rel="stylesheet" href="{there}">',
            f'<link rel="attachment" href="{there}"><style>@import url({here}/b.css);</style>',
            f'<img src="{here}/c.png"><img src="{there}"><object data="{here}/d"></object>',
            f'<p style="background: url({here}/e.png)">x</p>',
            f'<svg><image href="{here}/f.png"/><use href="{there}#x"/></svg>',
            f"<style>@font-face {{ font-family: q; src: url({here}/g) }} p {{ font-family: q }}</style>",
        ]
        drawn = to_pdf(f"<!doctype html><title>t</title>{''.join(asks)}<p>Body</p>")
        assert server.requests == []
    told = text_of(drawn)
    assert "Body" in told
    assert "OUT OF" not in told
    assert not any("/EmbeddedFiles" in each for each in objects(drawn) if isinstance(each, dict))


@needs_weasyprint
def test_hostile_text_makes_no_link_and_no_script_in_a_pdf() -> None:
    written = (
        f"# Retrospective INC-12: x\n\n[z](https://evil.example) <a href='//evil.example'>y</a>\n\n{HOSTILE}\n"
    )
    drawn = to_pdf(to_html(written, HOSTILE))
    known = [each for each in objects(drawn) if isinstance(each, dict)]
    assert not any({"/JS", "/JavaScript", "/Launch", "/OpenAction", "/AA"} & set(each) for each in known)
    assert not any(each.get("/Subtype") == "/Link" for each in known)


def without(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """As if WeasyPrint could not be imported, with this error."""
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> ModuleType:
        if name.partition(".")[0] == "weasyprint":
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    missing.cache_clear()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ImportError("No module named 'weasyprint'"), "WeasyPrint is not installed."),
        (OSError("cannot load library 'libpango-1.0-0'\nmore"), "(cannot load library 'libpango-1.0-0')."),
    ],
)
def test_what_is_missing_is_said_in_one_line_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    with monkeypatch.context() as patched:
        without(patched, error)
        with pytest.raises(BadInput) as refused:
            refuse_missing()
    missing.cache_clear()
    assert why in str(refused.value)
    assert pdf.GET_IT in str(refused.value)
    assert "\n" not in str(refused.value)
