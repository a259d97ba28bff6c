"""What does a sweep look for, and in which form is text compared?

Terms, hashtags and excluded terms are compared in folded text (`fold`). A regular expression is read
against the text as written and against the folded text, so that one in lower case finds any case and
one with capitals finds only what was written so.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Annotated, Self

import polars as pl
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from incidents.errors import BadInput

MAX_ENTRIES = 5_000
"""Entries a kind. One alternation of 5,000 literals was measured; far more would not compile."""

MAX_PATTERNS = 200
"""Regular expressions a scope: each is a pass of its own over all posts."""

MAX_LENGTH = 1_000
"""Characters an entry."""

# What the eye does not see or the hand leaves out: combining marks of Latin, Cyrillic, Hebrew and Arabic,
# tatweel, Devanagari nukta, joiners, bidi controls, soft hyphen, variation selectors, tags. Not the vowel
# signs of Indic scripts and Thai nor the voicing marks of Kana: without them other words would be hit.
_UNSEEN = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061c"
    "\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff"
    "\u093c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)

# Letters that stand for one another but have no decomposition. Arabic and Persian as in Lucene's
# ArabicNormalizer and PersianNormalizer; и + breve and і + diaeresis are letters, not marked letters.
_SAME = {
    "ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe",
    "ى": "ي", "ی": "ي", "ے": "ي", "ک": "ك", "ہ": "ه", "ۀ": "ه", "ە": "ه", "ة": "ه",
    "и\u0306": "й", "і\u0308": "ї",
}  # fmt: skip
_SAME_LETTER = re.compile("|".join(sorted(_SAME, key=len, reverse=True)))

_HOST = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))+")
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")


def fold(text: str) -> str:
    """The form in which texts are compared; folding twice changes nothing.

    NFKC and case folding, unseen characters stripped, look-alike Arabic and Persian letters joined,
    whitespace runs as one space. Source: Unicode Standard Annex 15 and section 5.18 (case folding).
    """
    if text.isascii():
        return " ".join(text.lower().split())
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    same = _UNSEEN.sub("", _SAME_LETTER.sub(lambda hit: _SAME[hit[0]], wide))
    return " ".join(unicodedata.normalize("NFKC", same).split())


def _term(entry: str) -> str:
    if not fold(entry):
        raise ValueError("a term has nothing in it that can be seen")
    return " ".join(entry.split())


def _hashtag(entry: str) -> str:
    tag = fold(entry).lstrip("#")
    if not tag or re.search(r"[\s#]", tag):
        raise ValueError("a hashtag is one word, with or without its leading #")
    return tag


def _domain(entry: str) -> str:
    """Host in ASCII, IDNA 2003 as in the standard library (ß becomes ss)."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", entry.strip().lower()).lstrip("/")
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2]
    host = re.sub(r":\d*$", "", host).removeprefix("*.").strip(".")
    try:
        ascii_host = host.encode("idna").decode("ascii").lower()
        ascii_host.encode("ascii").decode("idna")  # an xn-- label that stands for nothing
    except UnicodeError:
        ascii_host = ""
    if not _HOST.fullmatch(ascii_host):
        raise ValueError("a domain is a host such as example.com, with at least one dot")
    return ascii_host


def _pattern(entry: str) -> str:
    """Compile with the engine that will search (Rust's regex, linear in the text); refuse the rest."""
    try:
        hits_nothing = pl.Series([""]).str.contains(entry).item()
    except pl.exceptions.ComputeError as error:
        raise ValueError(_why_refused(str(error))) from None
    if hits_nothing:
        raise ValueError("a regular expression matches the empty text, so it would match every post")
    return entry


def _why_refused(message: str) -> str:
    reasons = {
        "look-around": "look-ahead and look-behind are not supported: they can take for ever",
        "backreferences": "back-references are not supported: they can take for ever",
        "size limit": "it is too large: shorten its repetitions",
    }
    found = next((why for mark, why in reasons.items() if mark in message), None)
    return f"a regular expression cannot be used: {found or _last_error_line(message)}"


def _last_error_line(message: str) -> str:
    lines = [line.removeprefix("error: ") for line in message.splitlines() if line.startswith("error: ")]
    return lines[-1] if lines else "it is not well formed"


def _language(entry: str) -> str:
    tag = entry.strip().lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError("a language is a BCP 47 tag such as de or pt-BR")
    return tag


def _each(tidy: Callable[[str], str], same: Callable[[str], str], most: int) -> AfterValidator:
    """Tidy every entry, name the place of a wrong one, and keep the first of those that are the same."""

    def check(entries: tuple[str, ...]) -> tuple[str, ...]:
        if len(entries) > most:
            raise ValueError(f"{len(entries)} entries; at most {most} are searched in one sweep")
        kept: dict[str, str] = {}
        for place, entry in enumerate(entries, start=1):
            tidied = _tidy(tidy, entry, place)
            kept.setdefault(same(tidied), tidied)
        return tuple(kept.values())

    return AfterValidator(check)


def _tidy(tidy: Callable[[str], str], entry: str, place: int) -> str:
    if len(entry) > MAX_LENGTH:
        raise ValueError(f"entry {place}: {len(entry)} characters; at most {MAX_LENGTH} are read")
    try:
        return tidy(entry)
    except ValueError as error:
        raise ValueError(f"entry {place}: {error}") from None


Terms = Annotated[tuple[str, ...], _each(_term, fold, MAX_ENTRIES)]


class Scope(BaseModel):
    """What one sweep looks for. Frozen: another scope is another sweep, told by its fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: Terms = Field((), description="Words and phrases, found as whole words in any case.")
    patterns: Annotated[tuple[str, ...], _each(_pattern, str, MAX_PATTERNS)] = Field(
        (), description="Regular expressions of Rust's regex; lower case finds any case."
    )
    hashtags: Annotated[tuple[str, ...], _each(_hashtag, str, MAX_ENTRIES)] = Field(
        (), description="Hashtags, found whole; the leading # may be left out."
    )
    domains: Annotated[tuple[str, ...], _each(_domain, str, MAX_ENTRIES)] = Field(
        (), description="Hosts, found with their subdomains."
    )
    languages: Annotated[tuple[str, ...], _each(_language, str, MAX_ENTRIES)] = Field(
        (), description="BCP 47 tags; empty means all. `pt` includes `pt-BR`."
    )
    since: AwareDatetime | None = Field(None, description="First moment of the window.")
    until: AwareDatetime | None = Field(None, description="First moment after the window.")
    excluded_terms: Terms = Field((), description="A post with one of these words is left out.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not (self.terms or self.patterns or self.hashtags or self.domains):
            raise ValueError("an empty scope: name at least one term, pattern, hashtag or domain")
        if self.since and self.until and self.since >= self.until:
            raise ValueError("since must lie before until")
        return self

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) over canonical JSON: the order of entries does not count."""
        fields = {name: _canonical(value) for name, value in self}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Iterable[str] | AwareDatetime | None) -> list[str] | str | None:
    if value is None:
        return None
    return value.astimezone(UTC).isoformat() if hasattr(value, "astimezone") else sorted(value)


def read_scope(fields: Mapping[str, object]) -> Scope:
    """The scope of these fields, as from JSON or a form; BadInput names every field that is wrong."""
    try:
        return Scope.model_validate(fields)
    except ValidationError as error:
        lines = [_sentence(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors(include_url=False)]
        raise BadInput("The scope cannot be used:\n" + "\n".join(lines)) from None


def _sentence(place: str, message: str) -> str:
    plain = message.removeprefix("Value error, ")
    return f"  {place}: {plain}." if place else f"  {plain}."
