"""Is a term part of a longer word by chance, or were words run together to hide it?

`Scunthorpe` and `therapist` hold words by chance. `killthemallnow` is made of words; so is `#KillThemAll`,
as its capitals say. A word is split only into entries of the scope and the small words of a language.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import polars as pl

from incidents.sweeps.folding import fold
from incidents.sweeps.scripts import WORD, is_unspaced, script_of

SHORTEST: Final = 8
"""Bytes of a word that is looked into."""

_TERM: Final = 4
"""Letters of a term that is looked for inside of words: shorter ones stand in too many."""

_SPLIT: Final = {"ARABIC": 8, "HEBREW": 8}
_SPLIT_ELSEWHERE: Final = 11
"""Letters of a word that is split: `therapists` (10) could be `the rapists`."""

_ENDLESS: Final = {"ARABIC": 15, "HEBREW": 15}
_ENDLESS_ELSEWHERE: Final = 18
"""Letters of a word that is a sentence: one post in a thousand has one that long (0.05 % of two public sets
of English posts, 0.5 % of German ones)."""

_TERM_OF_ENDLESS: Final = 5

_HUMP: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")

# Articles, pronouns, prepositions, auxiliaries, and what slogans are made of.
_SMALL_WORDS: Final = """
a i the you we they he she it me us them him her my your our their his its this that these those who what
all and or not no to of in on at for from with by be is are was were am do does did have has had will would
can should must let lets go now day today so if but as than too very just every each any some more out up
down off about only ever never again here there how why when where want need get got stop
der die das den dem des ein eine einen einer ich du er sie es wir ihr mich mir dich dir uns euch alle allen
alles und oder nicht kein keine zu von im am auf mit aus bei nach ist sind war bin sein haben hat muss soll
sollen jetzt heute auch nur weg raus
o os as um uma eu tu ele ela nos eles elas voce todos todas tudo e ou nao de do da dos das em no na por para
com que sao foi ser agora hoje ja fora aos
el la los las un una yo nosotros ellos ellas todo toda y del al en por para con es son fue ahora hoy ya se
le les une des du je il elle nous vous ils elles tous toutes tout et ou pas au aux en dans sur pour avec est
sont ce ces cette qui maintenant
il lo gli i uno io lui lei noi voi loro tutti tutte tutto ed non di del della dei delle da dal nel nella su
per tra fra sono siamo ora oggi via
ja ty on ona ono my wy oni one mnie ciebie ich im wszyscy wszystkie wszystkich i oraz lub nie do z ze od na
w we po za przez dla jest sa byl teraz dzis to ten ta te
de het een ik jij hij zij wij jullie alle en of niet van in op met uit is zijn nu
я ты он она мы вы они меня тебя его ее нас вас их им все всех всем и или не нет да в на с со к ко у о об от
до за по из для это эти тот та те был были есть сейчас сегодня
אני אתה את הוא היא אנחנו אתם הם הן כל כולם של על עם אל לא כן זה זאת אלה או גם רק עכשיו היום
انا انت هو هي نحن هم كل جميع من في علي الي عن مع لا ما هذا هذه هؤلاء او و الان اليوم يا
من تو او ما شما همه این ان را از به با در که است اند نه و یا
मैं तू तुम वह हम वे सब सभी को का की के से में पर और या नहीं है हैं था यह ये
میں تم وہ ہم سب کو کا کی کے سے پر اور یا نہیں ہے ہیں یہ
আমি তুমি সে আমরা তারা সব সবাই কে এর ও না এই
నేను నువ్వు మేము వారు అందరూ మరియు కాదు ఈ
"""


class Splitter:
    """Tells for the words of one scope in which longer ones they are on purpose."""

    def __init__(self, terms: Iterable[str]) -> None:
        """`terms` are folded."""
        own = {word for term in terms for word in term.split()}
        self._words = frozenset(word for word in own if len(word) >= _TERM) | _small_words()
        self._longest = max(map(len, self._words))

    def is_made_of(self, term: str, word: str) -> bool:
        """Whether a word is made of other words and the term, both folded."""
        plain = term.replace(" ", "")
        return _is_long_enough(plain) and any(self._is_split(plain, part) for part in _parts(word))

    def _is_split(self, term: str, word: str) -> bool:
        if term not in word:
            return False
        script = script_of(term[0])
        if len(word) >= _ENDLESS.get(script, _ENDLESS_ELSEWHERE) and len(term) >= _TERM_OF_ENDLESS:
            return True
        if len(word) < _SPLIT.get(script, _SPLIT_ELSEWHERE):
            return False
        return any(
            self._splits(word[: hit.start()]) and self._splits(word[hit.start() + len(term) :])
            for hit in re.finditer(f"(?={re.escape(term)})", word)
        )

    def _splits(self, rest: str) -> bool:
        """Whether the letters are words of the scope and small words, one behind the other."""
        ends = [True] + [False] * len(rest)
        for end in range(1, len(rest) + 1):
            starts = range(max(0, end - self._longest), end)
            ends[end] = any(ends[start] and rest[start:end] in self._words for start in starts)
        return ends[-1]


def may_be_joined(word: pl.Expr) -> pl.Expr:
    """Whether a word has the letters to be split."""
    return word.str.len_chars() >= min(_SPLIT_ELSEWHERE, *_SPLIT.values())


def has_humps(text: pl.Expr) -> pl.Expr:
    """Whether a word as it was written has capitals inside."""
    return text.str.contains("[a-z][A-Z]")


def stands_between_humps(term: str, word: str, written: str) -> bool:
    """Whether capitals in `#KillThemAll`, a text as written, say that the term stands whole in the word."""
    plain = term.replace(" ", "")
    return _is_long_enough(plain) and any(_has_humps(plain, part, written) for part in _parts(word))


def _is_long_enough(term: str) -> bool:
    return len(term) >= _TERM and not is_unspaced(term[0])


def _parts(word: str) -> Iterator[str]:
    return (found[0] for found in WORD.finditer(word))


def _has_humps(term: str, word: str, written: str) -> bool:
    at = written.lower().find(word)
    part = written[at : at + len(word)] if at >= 0 else ""
    humps = [fold(hump) for hump in _HUMP.findall(part)] if re.search("[a-z][A-Z]", part) else []
    ends = {sum(map(len, humps[:count])) for count in range(len(humps) + 1)}
    joined = "".join(humps)
    places = (hit.start() for hit in re.finditer(f"(?={re.escape(term)})", joined))
    return any(place in ends and place + len(term) in ends for place in places)


@cache
def _small_words() -> frozenset[str]:
    return frozenset(fold(_SMALL_WORDS).split())
