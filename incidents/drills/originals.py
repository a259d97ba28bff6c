"""What the posts of a scenario are copied from: every original, in every spelling, with its weight."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from incidents.drills.dice import Dice
from incidents.drills.evasions import evasions
from incidents.drills.words import Language, Scenario, words

_COPIES: Final = 12  # of one original, on average: what re-upload waves look like after exact matches go
_MOST_CLUSTERS: Final = 300
_CODED: Final = 0.04  # share of the violating posts that no term finds
_NEWS_COPIED: Final = 0.5


class Original(NamedTuple):
    """A text that posts begin with, how likely it is, and how many words may follow it."""

    text: str
    language: str
    violating: bool
    cluster: str | None
    evasion: str | None
    weight: float
    fewest: int
    most: int


def background(scenario: Scenario) -> list[Original]:
    """Ordinary posts, in the scenario's mix of languages."""
    return [
        Original(opener, code, False, None, None, weight / len(_of(code).openers), 4, 9)
        for code, weight in scenario.mix.items()
        for opener in _of(code).openers
    ]


def violating(scenario: Scenario, name: str, count: int, dice: Dice) -> list[Original]:
    """What breaks the policy: copies of a few originals, posts of their own, and posts in code words."""
    own_share = 1 - scenario.copied - _CODED
    found = [
        spelled
        for cluster in _clusters(scenario, scenario.violating, f"{name}-copy", count * scenario.copied, dice)
        for spelled in _spellings(scenario, cluster._replace(weight=cluster.weight * scenario.copied))
    ]
    for own in _singles(scenario, scenario.violating):
        found += _spellings(scenario, own._replace(weight=own.weight * own_share))
    coded = [(code, text) for code, texts in scenario.coded.items() for text in texts]
    weight = _CODED / len(coded)
    return found + [Original(text, code, True, None, "coded", weight, 3, 6) for code, text in coded]


def quoting(scenario: Scenario, name: str, count: int, dice: Dice) -> list[Original]:
    """News and counter-speech: benign, and full of the term."""
    news = _clusters(scenario, scenario.quoting_posts, f"{name}-news", count * _NEWS_COPIED, dice)
    both = [item._replace(weight=item.weight * _NEWS_COPIED) for item in news]
    both += [
        item._replace(weight=item.weight * (1 - _NEWS_COPIED))
        for item in _singles(scenario, scenario.quoting_posts)
    ]
    return [
        item._replace(text=item.text.format(term=scenario.terms[item.language]), violating=False)
        for item in both
    ]


def _clusters(
    scenario: Scenario, phrases: dict[str, tuple[str, ...]], name: str, count: float, dice: Dice
) -> Iterator[Original]:
    """Originals with many copies, a few with most of them. Their weights sum to 1."""
    many = max(2, min(_MOST_CLUSTERS, round(count / _COPIES)))
    sizes = [1 / (rank + 2) for rank in range(many)]
    for rank, size in enumerate(sizes, start=1):
        code = dice.choice(scenario.mix)
        phrase = dice.some(phrases[code], 1)[0]
        text = phrase + _joined(code, dice.some(_of(code).words, 5))
        yield Original(text, code, True, f"{name}-{rank:03d}", None, size / sum(sizes), 0, 2)


def _singles(scenario: Scenario, phrases: dict[str, tuple[str, ...]]) -> Iterator[Original]:
    """Posts of their own: a phrase, and words that no other post has. Their weights sum to 1."""
    total = sum(scenario.mix.values())
    for code, weight in scenario.mix.items():
        for phrase in phrases[code]:
            yield Original(phrase, code, True, None, None, weight / total / len(phrases[code]), 5, 9)


def _spellings(scenario: Scenario, item: Original) -> Iterator[Original]:
    """The original with its term written plainly, and in each way that hides it."""
    term = scenario.terms[item.language]
    tricks = evasions(term)
    yield item._replace(text=item.text.format(term=term), weight=item.weight * (1 - scenario.evading))
    for trick, altered in tricks.items():
        weight = item.weight * scenario.evading / len(tricks)
        yield item._replace(text=item.text.format(term=altered), evasion=trick, weight=weight)


def _of(code: str) -> Language:
    return words().languages[code]


def _joined(code: str, some: list[str]) -> str:
    gap = " " if _of(code).spaced else ""
    return "".join(gap + word for word in some)
