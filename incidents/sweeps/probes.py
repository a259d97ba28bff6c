"""What is searched for each entry of a scope: letters that a text must hold, and what then decides.

All probes are for folded text (`folding.fold`). What may stand around a word is our own rule, because `\\b`
finds little in Arabic and nothing in Chinese.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import permutations
from typing import Final, NamedTuple

from incidents.sweeps.codes import doubled, is_code
from incidents.sweeps.evasions import SQUEEZED, squeezed, undone_word
from incidents.sweeps.folding import fold
from incidents.sweeps.homoglyphs import lookalikes
from incidents.sweeps.literals import quoted
from incidents.sweeps.scope import Scope, Trick
from incidents.sweeps.scope_entries import Near, near
from incidents.sweeps.scripts import MARKS, UNSPACED, is_edge, is_unspaced, script_of

_LEFT: Final = rf"(?:\b{{start-half}}|[{UNSPACED}])"
_RIGHT: Final = rf"(?:\b{{end-half}}|[{UNSPACED}])"

# Particles that are written onto the word. Arabic: and/so, with/as/for/will, the. Hebrew: and, the, in, as,
# to, from, that. The plural and possessive endings are Persian and Arabic. Korean particles follow the noun.
_BEFORE: Final = {"ARABIC": "[وف]?(?:[بكل]?ال|لل|[بكلس])?", "HEBREW": "[והבכלמש]{0,3}"}
_AFTER: Final = {"ARABIC": "(?:ها(?:ي{1,2})?)?"}

# A host starts the name or follows a dot; `evil-example.com` is another host, and so is
# `example.com.evil.org`; in `example.com@evil.org` it is only a user name.
_HOST_LEFT: Final = rf"(?:^|[^\w\-]|[{UNSPACED}]|%2f)"
_HOST_RIGHT: Final = rf"[.\-]*(?:$|[^\w.\-@]|[{UNSPACED}])"

_PATH_LEFT: Final = rf"(?:^|[^\w\-.@]|[{UNSPACED}]|%2f|\b(?:www|m|mobile)\.)"
_PATH_RIGHT: Final = rf"(?:$|[^\w.\-%]|[{UNSPACED}]|[.\-]+(?:$|[^\w.\-]))"

_LONG_ENOUGH: Final = {"ARABIC": 5, "HEBREW": 5}
_LONG_ENOUGH_ELSEWHERE: Final = 6
"""Letters of a phrase without its spaces that are searched as one word; fewer are often another word."""
_LONG_ENOUGH_WITH_DIGIT: Final = 4

_SHORTEST_SQUEEZED: Final = 2
"""Letters of a word without its repeated ones: what is left of `aaa` is no word."""

_SEAM: Final = re.compile(rf"( |(?<=[\w{MARKS}])-(?=\w))")
"""What stands between two words whose letters are repeated apart."""


class Probe(NamedTuple):
    """An entry of a scope, the letters that a text must hold, and the expression that then decides.

    Where `is_word`, a boundary at each end that has one decides, and the expression is asked only where
    that cannot be seen from the neighbouring ASCII characters. `trick` is the evasion that it finds.
    """

    label: str
    literal: str
    expression: str
    is_word: bool = False
    trick: str | None = None


def probes_of(scope: Scope) -> list[Probe]:
    """One or more for each term, hashtag, domain and URL."""
    return [
        *term_probes(scope.terms),
        *hashtag_probes(scope.hashtags),
        *_domain_probes(scope.domains),
        *_url_probes(scope.urls),
    ]


def term_probes(terms: Iterable[str]) -> Iterator[Probe]:
    """Each word or phrase whole; `near` entries in any order."""
    for term in terms:
        close = near(term)
        literal = max(close.words, key=len) if close else fold(term)
        yield Probe(f"term:{term}", literal, _near(close) if close else whole(literal), is_word=close is None)


def hashtag_probes(tags: Iterable[str]) -> Iterator[Probe]:
    """As in twitter-text: not inside a word, an entity (&#39;) or the path of an address."""
    for tag in tags:
        left = rf"(?:^|[^\w&/]|[{UNSPACED}])"
        yield Probe(f"#{tag}", f"#{tag}", rf"{left}{quoted('#' + tag)}\b{{end-half}}")


def hidden_probes(scope: Scope) -> list[Probe]:
    """What the tricks of the scope make of its terms, to be searched in texts as they stand."""
    made: dict[Trick, Callable[[Iterable[str]], Iterable[Probe]]] = {
        Trick.homoglyph: _lookalike_probes,
        Trick.repeated: _doubled_probes,
        Trick.joined: _joined_probes,
    }
    return [probe for trick in scope.tricks if trick in made for probe in _of(trick, made[trick](scope.terms))]


def trick_probes(scope: Scope) -> dict[Trick, list[Probe]]:
    """What is searched once each trick of the scope is undone: terms and hashtags."""
    plain = [*term_probes(scope.terms), *hashtag_probes(scope.hashtags)]
    joined = list(_joined_probes(scope.terms))
    if Trick.repeated in scope.tricks:
        joined += _doubled_probes(scope.terms)
    found: dict[Trick, Callable[[], Iterable[Probe]]] = {
        Trick.homoglyph: lambda: [*plain, *joined],
        Trick.spaced: lambda: [*plain, *joined],
        Trick.leet: lambda: [*plain, *joined, *_leet_probes(plain)],
        Trick.repeated: lambda: [*_unspaced_probes(plain), *_squeezed_probes(scope)],
    }
    return {trick: _of(trick, found[trick]()) for trick in scope.tricks if trick in found}


def _of(trick: Trick, probes: Iterable[Probe]) -> list[Probe]:
    return [probe._replace(trick=trick.value) for probe in probes]


def _lookalike_probes(terms: Iterable[str]) -> Iterator[Probe]:
    """Each term that mixes scripts, in one: the text that has it so mixes nothing, and shows no trick."""
    for term in terms:
        _, *native = lookalikes(fold(term))
        yield from _word_probes(term, native)


def _doubled_probes(terms: Iterable[str]) -> Iterator[Probe]:
    """Each code with one of its letters twice: in other words, only a letter three times says something."""
    for term in terms:
        yield from _word_probes(term, doubled(fold(term)))


def _joined_probes(terms: Iterable[str]) -> Iterator[Probe]:
    """Each phrase, and each code with a hyphen, written as one word that is long enough to be no other."""
    for term in terms:
        folded = fold(term)
        literal = folded.replace(" ", "")
        literals = {literal, literal.replace("-", "")} if is_code(folded) else {literal}
        yield from _word_probes(term, (one for one in literals - {folded} if len(one) >= _fewest_letters(one)))


def _word_probes(term: str, literals: Iterable[str]) -> Iterator[Probe]:
    """The literals as words of their own that stand for a term, unless it is several words near one another."""
    if near(term) is None:
        for literal in sorted(set(literals)):
            yield Probe(f"term:{term}", literal, whole(literal), is_word=True)


def _fewest_letters(literal: str) -> int:
    if is_code(literal):
        return _LONG_ENOUGH_WITH_DIGIT
    return _LONG_ENOUGH.get(script_of(literal[0]), _LONG_ENOUGH_ELSEWHERE)


def _leet_probes(plain: Iterable[Probe]) -> Iterator[Probe]:
    """Words that hold digits themselves, which are read as letters too."""
    for probe in plain:
        for literal in _read(probe.literal) if probe.is_word else []:
            yield Probe(probe.label, literal, whole(literal), is_word=True)


def _read(literal: str) -> set[str]:
    """The words of a literal with digits as letters, all read in the same way."""
    words = [undone_word(Trick.leet, word) or (word,) for word in literal.split(" ")]
    return {" ".join(word[min(way, len(word) - 1)] for word in words) for way in (0, 1)} - {literal}


def _unspaced_probes(plain: Iterable[Probe]) -> Iterator[Probe]:
    return (probe for probe in plain if is_unspaced(probe.literal.lstrip("#")[0]))


def _squeezed_probes(scope: Scope) -> Iterator[Probe]:
    """Each word plainly, or marked and with each letter once, as `evasions` writes it."""
    for term in scope.terms:
        first, *others = _SEAM.split(fold(term))
        words = [first, *others[1::2]]
        spaced = not all(is_unspaced(word[0]) for word in words)
        if near(term) is None and spaced and len(squeezed(max(words, key=len))) >= _SHORTEST_SQUEEZED:
            yield from _squeezed_phrase(term, words, others[::2]) if others else _squeezed_word(term, first)
    for tag in scope.hashtags:
        literal = squeezed(tag)
        yield Probe(f"#{tag}", literal, rf"#{SQUEEZED}{quoted(literal)}\b{{end-half}}")


def _squeezed_word(term: str, word: str) -> Iterator[Probe]:
    literal, script = squeezed(word), script_of(word[0])
    if script not in _BEFORE:
        yield Probe(
            f"term:{term}", SQUEEZED + literal, quoted(SQUEEZED + literal) + right_of(word[-1]), is_word=True
        )
    else:
        yield Probe(f"term:{term}", literal, SQUEEZED + _BEFORE[script] + quoted(literal) + right_of(word[-1]))


def _squeezed_phrase(term: str, words: Sequence[str], seams: Sequence[str]) -> Iterator[Probe]:
    first, *others = words
    before = _BEFORE.get(script_of(first[0]), "")
    begin = f"(?:{SQUEEZED}{before}{quoted(squeezed(first))}|{left_of(first[0])}{quoted(first)})"
    rest = [
        f"{quoted(seam)}(?:{SQUEEZED}{quoted(squeezed(word))}|{quoted(word)})"
        for seam, word in zip(seams, others, strict=True)
    ]
    longest = max(words, key=len)
    for literal in sorted({longest, squeezed(longest)}):
        yield Probe(f"term:{term}", literal, begin + "".join(rest) + right_of(words[-1][-1]))


def parts(term: str) -> tuple[str, ...]:
    """The folded words of a term."""
    close = near(term)
    return close.words if close else tuple(fold(term).split(" "))


def whole(literal: str) -> str:
    """The literal where no word goes on at its ends."""
    return left_of(literal[0]) + quoted(literal) + right_of(literal[-1])


def left_of(first: str) -> str:
    """What may stand before a term that begins with this character."""
    return _LEFT + _BEFORE.get(script_of(first), "") if is_edge(first) else ""


def right_of(last: str) -> str:
    """What may stand after a term that ends with this character."""
    return _AFTER.get(script_of(last), "") + _RIGHT if ends_word(last) else ""


def ends_word(last: str) -> bool:
    """Whether a word must end behind this character: Korean particles follow the noun."""
    return is_edge(last) and script_of(last) != "HANGUL"


def has_prefixes(first: str) -> bool:
    """Whether particles may be written onto a word that begins with this character."""
    return script_of(first) in _BEFORE


def has_endings(last: str) -> bool:
    """Whether particles may be written onto a word that ends with this character."""
    return script_of(last) in _AFTER


def _near(close: Near) -> str:
    """The words in every order, with fewer than `distance` words between each and the next.

    In scripts without spaces a word is not to be told, so that there it is as many characters.
    """
    gap = rf"\W+(?:\w+\W+){{0,{close.distance - 1}}}?"
    if any(is_unspaced(word[0]) for word in close.words):
        gap = rf"(?s:.){{0,{close.distance}}}?"
    orders = (gap.join(map(whole, order)) for order in permutations(close.words))
    return "|".join(sorted(set(orders)))


def _domain_probes(domains: Iterable[str]) -> Iterator[Probe]:
    for host in domains:
        for spelling in _spellings(host):
            yield Probe(f"domain:{host}", spelling, _HOST_LEFT + quoted(spelling) + _HOST_RIGHT)


def _url_probes(urls: Iterable[str]) -> Iterator[Probe]:
    for url in urls:
        host, slash, path = url.partition("/")
        for spelling in _spellings(host):
            literal = fold(spelling + slash + path)
            yield Probe(f"url:{url}", literal, _PATH_LEFT + quoted(literal) + _PATH_RIGHT)


def _spellings(host: str) -> list[str]:
    """A host in ASCII and in its own script."""
    return sorted({host, fold(host.encode("ascii").decode("idna"))})
