"""What does a sweep look for, and in which form is text compared?

Terms, hashtags and excluded terms are compared in folded text (`fold`). A regular expression is read
against the text as written and against the folded text, so that one in lower case finds any case and
one with capitals finds only what was written so.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from enum import StrEnum
from typing import Annotated, Self

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
from incidents.sweeps import scope_entries as tidy
from incidents.sweeps.folding import fold

__all__ = ["MAX_LENGTH", "MAX_PATTERNS", "Scope", "Trick", "fold", "read_scope"]

MAX_ENTRIES = 5_000
"""Entries a kind. One alternation of 5,000 literals was measured; far more would not compile."""

MAX_PATTERNS = 200
"""Regular expressions a scope: each is a pass of its own over all posts."""

MAX_EXAMPLES = 50
"""Example posts a scope."""

MAX_LENGTH = 1_000
"""Characters an entry."""


class Trick(StrEnum):
    """How a word is hidden from a filter, beyond what folding undoes. In the order in which it is undone."""

    homoglyph = "homoglyph"
    spaced = "spaced"
    leet = "leet"
    repeated = "repeated"
    joined = "joined"


def _each(form: Callable[[str], str], same: Callable[[str], str], most: int) -> AfterValidator:
    """Tidy every entry, name the place of a wrong one, and keep the first of those that are the same."""

    def check(entries: tuple[str, ...]) -> tuple[str, ...]:
        if len(entries) > most:
            raise ValueError(f"{len(entries)} entries; at most {most} are searched in one sweep")
        kept: dict[str, str] = {}
        for place, entry in enumerate(entries, start=1):
            tidied = _tidied(form, entry, place)
            kept.setdefault(same(tidied), tidied)
        return tuple(kept.values())

    return AfterValidator(check)


def _tidied(form: Callable[[str], str], entry: str, place: int) -> str:
    if len(entry) > MAX_LENGTH:
        raise ValueError(f"entry {place}: {len(entry)} characters; at most {MAX_LENGTH} are read")
    try:
        entry.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"entry {place}: it holds half a character (a lone surrogate); write it anew"
        ) from None
    try:
        return form(entry)
    except ValueError as error:
        raise ValueError(f"entry {place}: {error}") from None


def _distinct(tricks: tuple[Trick, ...]) -> tuple[Trick, ...]:
    return tuple(trick for trick in Trick if trick in tricks)


Terms = Annotated[tuple[str, ...], _each(tidy.term, fold, MAX_ENTRIES)]


BRINGING_IN = ("terms", "patterns", "hashtags", "domains", "urls", "accounts", "media", "examples")
"""Fields whose entries bring posts in; the others keep posts out."""


class Scope(BaseModel):
    """What one sweep looks for. Frozen: another scope is another sweep, told by its fingerprint.

    Terms, hashtags, domains, URLs, patterns, accounts, media and examples each bring posts in;
    languages, regions, the window and excluded terms keep posts out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    terms: Terms = Field(
        (),
        description='Words and phrases, found whole in any case; "storm clinic"~5 finds both within 5 words.',
    )
    patterns: Annotated[tuple[str, ...], _each(tidy.pattern, str, MAX_PATTERNS)] = Field(
        (), description="Regular expressions of Rust's regex; lower case finds any case."
    )
    hashtags: Annotated[tuple[str, ...], _each(tidy.hashtag, str, MAX_ENTRIES)] = Field(
        (), description="Hashtags, found whole; the leading # may be left out."
    )
    domains: Annotated[tuple[str, ...], _each(tidy.domain, str, MAX_ENTRIES)] = Field(
        (), description="Hosts, found with their subdomains."
    )
    urls: Annotated[tuple[str, ...], _each(tidy.url, fold, MAX_ENTRIES)] = Field(
        (), description="Host and path, found with everything below that path, in any case."
    )
    accounts: Annotated[tuple[str, ...], _each(tidy.account, str, MAX_ENTRIES)] = Field(
        (), description="Authors whose every post is brought in; the leading @ may be left out."
    )
    media: Annotated[tuple[str, ...], _each(tidy.media_hash, str, MAX_ENTRIES)] = Field(
        (), description="Media hashes: pdq: (within 31 of 256 bits) or md5: (exact), in hexadecimal digits."
    )
    examples: Annotated[tuple[str, ...], _each(tidy.example, fold, MAX_EXAMPLES)] = Field(
        (), description="Texts of posts; a post is found that holds half of one's letter sequences."
    )
    languages: Annotated[tuple[str, ...], _each(tidy.language, str, MAX_ENTRIES)] = Field(
        (), description="BCP 47 tags; empty means all. `pt` includes `pt-BR`."
    )
    regions: Annotated[tuple[str, ...], _each(tidy.region, str, MAX_ENTRIES)] = Field(
        (), description="ISO 3166-1 alpha-2 codes; empty means all."
    )
    since: AwareDatetime | None = Field(None, description="First moment of the window.")
    until: AwareDatetime | None = Field(None, description="First moment after the window.")
    excluded_terms: Terms = Field((), description="A post with one of these words is left out.")
    tricks: Annotated[tuple[Trick, ...], AfterValidator(_distinct)] = Field(
        tuple(Trick),
        description="Evasions of terms and hashtags that are undone; empty finds plain spellings alone.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not any(getattr(self, name) for name in BRINGING_IN):
            raise ValueError(f"an empty scope: name at least one of {', '.join(BRINGING_IN)}")
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
