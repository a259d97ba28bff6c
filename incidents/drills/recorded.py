"""How recorded posts become a pile to drill on: what is true of them, and what a commander would know."""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from incidents.drills.dice import Dice
from incidents.drills.labels import labelled, violating_label
from incidents.drills.pile import TRUTH_SCHEMA, DrillSignal, Impact, Pile
from incidents.drills.scope_terms import distinguishing, domains, repeated

_EXAMPLES: Final = 60  # what has been escalated when the sweep starts
_EXAMPLES_A_LANGUAGE: Final = 30  # so that a small language is not swept blind
_BACKGROUND: Final = 4_000
_MOST_TERMS: Final = 60
_FEWEST_TERMS: Final = 12  # a language
_BURST: Final = timedelta(hours=1)
_POLICY: Final = "violence.incitement"  # nobody says what recorded posts break: a drill's placeholder
_SIGNALS: Final = (
    ("user-reports", "Reports rise", "reports", 15),
    ("media-watch", "Newsrooms ask about posts", "media", 30),
    ("user-reports", "Reports rise", "reports", 15),  # the same again: a duplicate
    ("escalations-desk", "Escalated case: posts far above the usual", "case", 45),
    ("user-reports", "Reports rise further", "reports", 60),  # the same with more: an update
)
"""Source, title, end of the fingerprint, minutes after the event."""


def pile_from_posts(frame: pl.DataFrame, *, name: str, seed: int, start: datetime) -> Pile:
    """Return the pile of a canonical frame of recorded posts; same arguments, same pile.

    Violating is what `violating_label` says; without it the truth is unknown (null), and the terms are
    those of the burst. Times stay as they are; `start` (aware) stands for the event where none is known.
    Impact is a guess from counts, and its jurisdictions are empty: nobody recorded them.
    """
    posts = frame.sort("posted_at", "id", nulls_last=True)
    told = _told(posts)
    about = posts.filter(told) if told.any() else posts
    event_at = _event_at(about, start)
    examples, ordinary = _samples(posts, told, event_at, Dice(f"{name}/{seed}/{posts.height}"))
    terms = _terms(posts, examples, ordinary)
    return Pile(
        name=name,
        title=f"Recorded posts: {name}",
        event_at=event_at,
        posts=posts,
        truth=_truth(posts, told),
        scope_terms=tuple(term for term in terms if not term.startswith("#")),
        scope_hashtags=tuple(term for term in terms if term.startswith("#")),
        scope_domains=tuple(domains(examples["text"].to_list(), ordinary["text"].to_list())),
        scope_patterns=(),
        signals=_signals(about, name, event_at),
        impact=_impact(about, event_at),
        policy=_POLICY,
        languages=tuple(_languages(posts)),
    )


def _told(posts: pl.DataFrame) -> pl.Series:
    """Whether each post violates, as its label says; null where there is no label to go by."""
    means = violating_label(posts["label"])
    if means is None:
        return pl.Series("violating", [None] * posts.height, dtype=pl.Boolean)
    told: pl.Series = labelled(posts["label"]) == labelled(pl.Series([means])).item()
    return told.alias("violating")


def _truth(posts: pl.DataFrame, told: pl.Series) -> pl.DataFrame:
    unknown = (pl.lit(None, TRUTH_SCHEMA[name]).alias(name) for name in ("cluster", "evasion"))
    return posts.select("id", told, *unknown)


def _languages(posts: pl.DataFrame) -> list[str]:
    counts = posts["language"].value_counts()
    return counts.sort("count", "language", descending=[True, False])["language"].to_list()


def _event_at(about: pl.DataFrame, start: datetime) -> datetime:
    """The beginning of the hour with most posts, the first of them where several have as many."""
    hours = about["posted_at"].drop_nulls().dt.truncate("1h").value_counts()
    if not hours.height:
        return start
    moment: datetime = hours.sort("count", "posted_at", descending=[True, False])["posted_at"][0]
    return moment


def _samples(
    posts: pl.DataFrame, told: pl.Series, event_at: datetime, dice: Dice
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the commander has seen of it, and ordinary posts to compare with.

    Without labels: the posts of the burst, and the others; no examples where no time is known.
    """
    if told.any():
        share = _EXAMPLES / int(told.sum())
        return (
            _drawn(posts.filter(told), dice, share, _EXAMPLES_A_LANGUAGE),
            _drawn(posts.filter(~told), dice, _BACKGROUND / posts.height, _EXAMPLES_A_LANGUAGE),
        )
    inside = posts["posted_at"].is_between(event_at, event_at + _BURST).fill_null(value=False)
    burst, others = posts.filter(inside), posts.filter(~inside)
    share = _BACKGROUND / posts.height
    return _drawn(burst, dice, share, _EXAMPLES), _drawn(others, dice, share, _EXAMPLES)


def _drawn(posts: pl.DataFrame, dice: Dice, share: float, fewest: int) -> pl.DataFrame:
    """A random sample: a share of each language, but at least `fewest` where it has as many."""
    shuffled = posts[dice.shares(posts.height).arg_sort()]
    place, size = pl.int_range(pl.len()).over("language"), pl.len().over("language")
    return shuffled.filter(place < pl.max_horizontal((size * share).round(), pl.lit(fewest)))


def _terms(posts: pl.DataFrame, examples: pl.DataFrame, ordinary: pl.DataFrame) -> list[str]:
    """The terms of every language, the largest language first, each once."""
    spoken = _languages(examples if examples.height else posts)
    most = max(_FEWEST_TERMS, _MOST_TERMS // len(spoken))
    terms: dict[str, None] = {}
    for language in spoken:
        same = pl.col("language") == language
        seen, usual = (sample.filter(same)["text"].to_list() for sample in (examples, ordinary))
        terms |= dict.fromkeys(distinguishing(seen, usual, most=most) if seen else repeated(usual, most=most))
    return list(terms)


def _signals(about: pl.DataFrame, name: str, event_at: datetime) -> tuple[DrillSignal, ...]:
    """Reports with the counts of the burst by then; of all posts where no time is known."""
    found = []
    for source, title, ending, minutes in _SIGNALS:
        at = event_at + timedelta(minutes=minutes)
        known = about.filter(pl.col("posted_at").is_between(event_at - _BURST, at).fill_null(value=True))
        payload: dict[str, int | str | list[str]] = {
            "policy": _POLICY,
            "posts": known.height,
            "languages": sorted(known["language"].unique()),
        }
        found.append(
            DrillSignal(
                source=source,
                title=title,
                fingerprint=f"{name}-{ending}",
                event_at=at,
                payload=payload,
                reach=int(known["reach"].sum()),
            )
        )
    return tuple(found)


def _impact(about: pl.DataFrame, event_at: datetime) -> Impact:
    """Guessed from counts: reach by powers of ten, velocity by the burst over the mean of all hours."""
    reached = int(about["reach"].sum())
    posted = about["posted_at"].drop_nulls()
    burst = int(posted.is_between(event_at, event_at + _BURST, closed="left").sum())
    usual = len(posted) / max(1, posted.dt.truncate("1h").n_unique())
    return Impact(
        harm=3,
        reach=max(1, sum(reached >= bound for bound in (1_000, 10_000, 100_000, 1_000_000))),
        velocity=1 + sum(burst >= times * usual for times in (2, 4, 10)) if burst else 1,
        vulnerability=2,
        jurisdictions=[],
    )
