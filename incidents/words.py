"""Every word that a person reads comes from templates/ through here, or from a site's own ones.

Templates are Jinja2 in a sandbox: a name that is not given is an error, and whatever comes from the
record passes the filter `md`, which leaves nothing that Markdown, HTML or a terminal would act on.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from incidents.timeline import Entry

TEMPLATES = Path(__file__).parent.parent / "templates"
"""Beside the package `incidents`, in a checkout and where a wheel is installed."""

SENTENCES = "timeline.yaml"
SENTENCES_OUTSIDE = "timeline-shared.yaml"
"""What each kind of entry says, by the name of its event."""

NOT_RECORDED = "not recorded"
LONGEST = 300
"""Characters of one data value in a document. A title of 100 kB is nobody's reading."""

# Python-Markdown knows a backslash before these; the rest it would print, so they become entities.
_BACKSLASHED = "\\`*_[]#!"
_ENTITIES = {c: f"&#{ord(c)};" for c in "|~"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_INERT = str.maketrans({c: f"\\{c}" for c in _BACKSLASHED} | _ENTITIES)
_STARTS_A_LIST = re.compile(r"^(\d{1,9}(?=[.)])|(?=[-+=]))(.)")
_ESCAPED = re.compile(r"\\([\\`*_\[\]#!])|&(amp|lt|gt|#\d{2,3});")
_CITED = re.compile(r"(?:\\`)*\b([A-Z]+-\d+)\\#(\d+)\b(?:\\`)*")
_NAMED = {"amp": "&", "lt": "<", "gt": ">"}
_JOINERS = "\u200c\u200d"  # Persian, Hindi and many emoji are spelt with them


class _Site:
    """A site's own templates, in this process."""

    folder: Path | None = None


def use_templates(folder: Path | None) -> None:
    """Let the files of this folder stand in for the shipped templates of the same path, in this process.

    For an entry point, once it has read the settings. A folder that is not there replaces nothing.
    """
    found = folder if folder is not None and folder.is_dir() else None
    if found != _Site.folder:
        _Site.folder = found
        for made in (environment, _sentences, own_templates):
            made.cache_clear()


@cache
def own_templates() -> str:
    """What the site's own templates say: twelve hex digits of SHA-256 over them; empty where there are none.

    A document names it beside the version that wrote it: other templates write another document.
    """
    files = own_files(_Site.folder)
    if not files:
        return ""
    told = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        told.update(f"{name} {len(content)} ".encode() + content)
    return told.hexdigest()[:12]


def own_files(folder: Path | None) -> dict[str, Path]:
    """The templates in a site's folder: path below it → file."""
    if folder is None or not folder.is_dir():
        return {}
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix in {".j2", ".yaml"})
    return {path.relative_to(folder).as_posix(): path for path in found}


def render(name: str, **facts: Any) -> str:  # noqa: ANN401
    """The text of templates/`name` with these facts. Names ending in `.html.j2` escape for HTML."""
    return environment().get_template(name).render(**facts)


def sentence(entry: Entry, *, who: Callable[[str], str] | None = None, sentences: str = SENTENCES) -> str:
    """What an entry says, as one line of Markdown. `plain` makes text for a terminal or a chat of it.

    `who` words a person's id for the reader (a retrospective speaks of roles); its result must be inert.
    `sentences` is a file of templates/ with a sentence for each event that can be asked for.
    """
    text = _sentences(sentences)[entry.event.value].render(actor=entry.actor, facts=entry.facts, who=who or md)
    # A reason that ends its own sentence, in quotation marks, ends ours.
    line = re.sub(r"([.?…])”\.", r"\1”", " ".join(text.split()))
    return line[:1].upper() + line[1:]


def md(value: object, longest: int = LONGEST) -> str:
    """Any value as inert text on one line of Markdown, also within a table cell, at most `longest` long.

    Control characters, bidi controls and other invisible format characters are dropped (Trojan Source,
    CVE-2021-42574); nothing is left that starts a link, a list, a table cell or a tag.
    """
    text = clean(value, longest)
    if not text:
        return NOT_RECORDED
    inert = text.translate(_INERT)
    inert = _STARTS_A_LIST.sub(lambda found: f"{found[1]}&#{ord(found[2])};", inert)
    # Code hosts make links of bare addresses.
    return re.sub(r"(?i)\b(www)\.", r"\1&#46;", inert.replace("://", "&#58;//"))


def clean(value: object, longest: int = LONGEST) -> str:
    """Any value as text on one line, without control and bidi characters; empty for None."""
    # Cut before the work: a value may be very long. Four times leaves room for what is dropped.
    text = ("" if value is None else str(value))[: longest * 4]
    seen = "".join(c for c in " ".join(text.split()) if _can_be_seen(c)).strip()
    return seen if len(seen) <= longest else seen[: longest - 1].rstrip() + "…"


def cited(value: object, longest: int = LONGEST) -> str:
    """A person's words as `md` makes them, but that references to entries are code, which leads to them."""
    return _CITED.sub(r"`\1#\2`", md(value, longest))


def plain(markdown: str) -> str:
    """Text whose values passed `md`, as they were: for terminals, mail and chat."""
    return _ESCAPED.sub(lambda m: m[1] or _NAMED.get(m[2]) or chr(int(m[2][1:])), markdown)


def utc(value: datetime | str | None) -> str:
    """A time as `2026-11-22 23:05 UTC`; ISO 8601 text is read first; None is `not recorded`."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return md(value, 40)
    if value is None:
        return NOT_RECORDED
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def local(value: datetime, zone: str) -> str:
    """A time as the clocks of an IANA zone showed it, with its distance to UTC: `2026-10-25 02:30 +01:00`.

    Zones come and go between releases of the database: one that this machine does not have is `unknown`.
    """
    try:
        clocks = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return "unknown"
    shown = value.astimezone(clocks).isoformat(" ", "minutes")
    return f"{shown[:16]} {shown[16:]}"


def duration(value: timedelta | float | None) -> str:
    """Seconds, or a difference, as `45 s`, `12 min`, `31 h 34 min` or, from three days on, `4 d 2 h`."""
    if value is None:
        return NOT_RECORDED
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{sign}{minutes} min"
    if minutes < 72 * 60:
        return f"{sign}{minutes // 60} h {minutes % 60} min"
    return f"{sign}{minutes // 1440} d {minutes % 1440 // 60} h"


def share(part: float | None, whole: float | None, unit: str = "") -> str:
    """A part of a whole with its n, as `12.3 % (615 of 5,000)`; `not measurable` of nothing.

    With a unit it is a rate, as `0.50 copies a decision (50 by 100)`.
    """
    if part is None or not whole:
        return "not measurable"
    if unit:
        return f"{part / whole:,.2f} {unit} ({number(part)} by {number(whole)})"
    return f"{100 * part / whole:.1f} % ({number(part)} of {number(whole)})"


def percent(part: float | None, whole: float | None = 1) -> str:
    """A part of a whole as `12.3 %`, where its n stands beside it; `not measurable` of nothing."""
    return "not measurable" if part is None or not whole else f"{100 * part / whole:.1f} %"


def number(value: object) -> str:
    """A number with thousands apart, `5,000`; anything else as inert text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return md(value)
    return f"{value:,}"


def counted(value: object, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 batch`, `5,000 posts`."""
    if value is None:
        return f"an unrecorded number of {many or one + 's'}"
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def listed(values: Iterable[object] | None) -> str:
    """Values as `a, b and c`, each inert; `none` where there are none."""
    words = [md(value) for value in ([values] if isinstance(values, str) else values or [])]
    if len(words) < 2:
        return words[0] if words else "none"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _can_be_seen(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@cache
def environment() -> SandboxedEnvironment:
    """The sandbox that templates run in: a site's own ones first, then the shipped ones."""
    folders = [TEMPLATES] if _Site.folder is None else [_Site.folder, TEMPLATES]
    made = SandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (md, clean, cited, utc, local, duration, share, percent, number, counted, listed)
    made.filters.update({each.__name__: each for each in filters})
    return made


@cache
def _sentences(name: str) -> dict[str, Template]:
    """Event name → its template, from a file of templates/; a site's own file may hold some of them."""
    words: dict[str, str] = yaml.safe_load((TEMPLATES / name).read_text(encoding="utf-8"))
    if (own := own_files(_Site.folder).get(name)) is not None:
        words |= yaml.safe_load(own.read_text(encoding="utf-8"))
    return {event: environment().from_string(text) for event, text in words.items()}
