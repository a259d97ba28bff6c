"""What does an entry of a scope have to look like, and in which form is it kept?

Each function returns the tidy form, or raises ValueError with words for the person who wrote the entry.
None of them quotes it.
"""

import re
from typing import Final, NamedTuple

import polars as pl

from incidents.sweeps.folding import fold
from incidents.sweeps.media import MD5, PDQ, is_usable

_HOST: Final = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")
_NEAR: Final = re.compile(r'"([^"]*)"\s*~\s*(\d{1,3})')

_MOST_NEAR: Final = 4
"""Words of a `near` entry: each more multiplies the orders that they may stand in."""

_FARTHEST: Final = 50


class Near(NamedTuple):
    """Words that must stand close together, in any order, each within `distance` words of the next."""

    words: tuple[str, ...]
    distance: int


def near(entry: str) -> Near | None:
    """What an entry such as `"storm clinic"~5` asks for, folded; None for a plain word or phrase."""
    found = _NEAR.fullmatch(entry.strip())
    return Near(tuple(fold(found[1]).split()), int(found[2])) if found else None


def term(entry: str) -> str:
    """A word, a phrase, or words that stand near one another."""
    close = near(entry)
    if close is None:
        if not fold(entry):
            raise ValueError("a term has nothing in it that can be seen")
        return " ".join(entry.split())
    if not 2 <= len(close.words) <= _MOST_NEAR or not 1 <= close.distance <= _FARTHEST:
        words = f"two to {_MOST_NEAR} words and a distance of 1 to {_FARTHEST}"
        raise ValueError(f'words near one another are written "storm clinic"~5, with {words}')
    return f'"{" ".join(entry.strip()[1:].rpartition(chr(34))[0].split())}"~{close.distance}'


def hashtag(entry: str) -> str:
    """One word, folded, without its #."""
    tag = fold(entry).lstrip("#")
    if not tag or re.search(r"[\s#]", tag):
        raise ValueError("a hashtag is one word, with or without its leading #")
    return tag


def domain(entry: str) -> str:
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


def url(entry: str) -> str:
    """Host and path, without scheme, `www.`, fragment and closing slash."""
    written = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", "", entry.strip()).partition("#")[0]
    host, slash, path = written.partition("/")
    path = path.rstrip("/")
    if not slash or not path or re.search(r"\s", path):
        raise ValueError("a URL has a path after its host, such as example.com/page; a host alone is a domain")
    return f"{domain(host).removeprefix('www.')}/{path}"


def pattern(entry: str) -> str:
    """Compile with the engine that will search (Rust's regex, linear in the text); refuse the rest."""
    try:
        hits_nothing = pl.Series([""]).str.contains(entry).item()
    except pl.exceptions.ComputeError as error:
        raise ValueError(_why_refused(str(error))) from None
    if hits_nothing:
        raise ValueError("a regular expression matches the empty text, so it would match every post")
    return entry


def language(entry: str) -> str:
    """A BCP 47 tag in small letters."""
    tag = entry.strip().lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError("a language is a BCP 47 tag such as de or pt-BR")
    return tag


def region(entry: str) -> str:
    """An ISO 3166-1 alpha-2 code in capitals."""
    code = entry.strip().upper()
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError("a region is an ISO 3166 code of two letters, such as DE or BR")
    return code


def account(entry: str) -> str:
    """A name as posts carry it, folded, without its @."""
    name = fold(entry).lstrip("@")
    if not name or " " in name:
        raise ValueError("an account is one name without spaces, with or without its leading @")
    return name


def media_hash(entry: str) -> str:
    """`pdq:` and 64, or `md5:` and 32 hexadecimal digits."""
    written = entry.strip().lower()
    if not (PDQ.fullmatch(written) or MD5.fullmatch(written)):
        raise ValueError("a media hash is pdq: and 64, or md5: and 32 hexadecimal digits")
    if not is_usable(written):
        raise ValueError("this PDQ hash is of a picture without features; it would match what it is not")
    return written


def example(entry: str) -> str:
    """A text to find the like of."""
    if len(fold(entry).replace(" ", "")) < FEWEST_LETTERS:
        raise ValueError(f"an example is a text of at least {FEWEST_LETTERS} letters")
    return " ".join(entry.split())


FEWEST_LETTERS: Final = 20
"""Letters of an example: what is shorter has too few pieces to be told from everything else."""


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
