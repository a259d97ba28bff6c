"""Which words a commander would sweep for, having seen a few escalated posts and the ordinary ones.

Words for languages that write spaces; pairs of characters for Chinese, Japanese and Thai, which do not.
A word counts once a post. Words are compared by their log-odds in the examples against the background,
with half a post added to each cell (Haldane and Anscombe), in units of its standard error.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_NOISE: Final = re.compile(r"https?://\S+|www\.\S+|[@]\w+|&#?\w+;")
_MARKS: Final = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e\u200c\u200d"
_UNSPACED: Final = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD: Final = re.compile(rf"#?[\w{_MARKS}]+(?:['’-][\w{_MARKS}]+)*")
_RUN: Final = re.compile(rf"[{_UNSPACED}]+")
_DOMAIN: Final = re.compile(r"https?://(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_SHORTEST: Final = 3  # shorter words are articles and endings, or hit inside other words
_LONG: Final = 5  # with nothing to compare, length keeps most of a language's glue out
_CLEAR: Final = 1.64  # one-sided 95 %: below it, a word may stand out by chance
_COMMON: Final = 0.1  # a word in more of the ordinary posts than this would gather the whole platform


class Weighed(NamedTuple):
    """A word, in which examples it stands (by index), and how far it stands out of the background."""

    word: str
    examples: frozenset[int]
    odds: float
    z: float


def distinguishing(examples: Sequence[str], ordinary: Sequence[str], *, most: int) -> list[str]:
    """Return up to `most` words that tell the examples from ordinary posts, the widest first.

    Each next word is the one that finds most examples which no word before it found, weighed by its
    log-odds; when no word finds another example, the clearest of the rest follow.
    """
    left = weighed(examples, ordinary)
    chosen: list[Weighed] = []
    found: set[int] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda item: (len(item.examples - found) * item.odds, item.z, item.word))
        left.remove(best)
        chosen.append(best)
        found |= best.examples
    return [item.word for item in chosen]


def repeated(texts: Sequence[str], *, most: int) -> list[str]:
    """Return up to `most` words that stand in most texts, but in no more than a tenth of them.

    For posts of which nothing is known, neither labels nor times: what everybody suddenly writes.
    """
    counts = Counter(word for text in texts for word in tokens(text))
    telling = {word: count for word, count in counts.items() if len(word) >= _LONG or _RUN.match(word)}
    usable = [(count, word) for word, count in telling.items() if 1 < count <= _COMMON * len(texts)]
    return [word for _, word in sorted(usable, reverse=True)[:most]]


def domains(examples: Sequence[str], ordinary: Sequence[str], *, most: int = 10) -> list[str]:
    """Return the domains linked from two examples or more and from no ordinary post, by name."""
    usual = {domain for text in ordinary for domain in _DOMAIN.findall(text.lower())}
    counts = Counter(domain for text in examples for domain in set(_DOMAIN.findall(text.lower())))
    return sorted(domain for domain, count in counts.most_common() if count > 1 and domain not in usual)[:most]


def weighed(examples: Sequence[str], ordinary: Sequence[str]) -> list[Weighed]:
    """Return the words that stand out, in no order that matters; none where there are no examples."""
    where: dict[str, set[int]] = {}
    for index, text in enumerate(examples):
        for word in tokens(text):
            where.setdefault(word, set()).add(index)
    usual = Counter(word for text in ordinary for word in tokens(text))
    enough = 2 if len(examples) >= 10 else 1
    found = []
    for word, inside in where.items():
        if len(inside) < enough or usual[word] > _COMMON * len(ordinary):
            continue
        odds, z = _log_odds(len(inside), len(examples), usual[word], len(ordinary))
        if z >= _CLEAR:
            found.append(Weighed(word, frozenset(inside), odds, z))
    return found


def _log_odds(inside: int, examples: int, outside: int, ordinary: int) -> tuple[float, float]:
    cells = (inside + 0.5, examples - inside + 0.5, outside + 0.5, ordinary - outside + 0.5)
    odds = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    return odds, odds / math.sqrt(sum(1 / cell for cell in cells))


def tokens(text: str) -> set[str]:
    """Return the words of a text in small letters, without links, handles and bare numbers."""
    clean = _NOISE.sub(" ", text.casefold())
    pairs = {run[at : at + 2] for run in _RUN.findall(clean) for at in range(len(run) - 1)}
    return pairs | set(_long(_WORD.findall(_RUN.sub(" ", clean))))


def _long(found: Iterable[str]) -> Iterable[str]:
    return (word for word in found if len(word) >= _SHORTEST and not word.strip("#").isnumeric())
