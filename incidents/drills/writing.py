"""How originals become posts: words after them, tags and links, authors, reach and times, as columns."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import polars as pl

from incidents.drills.dice import Dice
from incidents.drills.originals import Original
from incidents.drills.words import Scenario, words

WINDOW: Final = timedelta(hours=24)
QUIET: Final = timedelta(hours=6)  # before the event, so that a burst has something to stand out from
_FADING: Final = timedelta(hours=3)  # mean delay of a post about the event
_LARGEST_REACH: Final = 5_000_000

_ORIGINAL_SCHEMA: Final = {
    "text": pl.String,
    "language": pl.String,
    "violating": pl.Boolean,
    "cluster": pl.String,
    "evasion": pl.String,
    "weight": pl.Float64,
    "fewest": pl.Int64,
    "most": pl.Int64,
}


def written(
    plan: Scenario, sources: Sequence[Original], count: int, dice: Dice, *, about_event: bool = True
) -> pl.DataFrame:
    """`count` posts, each made from one of the originals, words after it, and a tag or link."""
    frame = pl.DataFrame(sources, schema=_ORIGINAL_SCHEMA, orient="row")
    chosen = frame[dice.picks(frame["weight"].to_list(), count)]
    text = [chosen["text"], *_words_after(chosen, dice)]
    if about_event:
        text += _marks(plan, chosen, dice)
    return chosen.select(
        pl.select(pl.concat_str(pl.Series(part) for part in text)).to_series().alias("text"),
        *("language", "violating", "cluster", "evasion"),
        _authors(count, dice, shared=about_event),
        _reach(count, dice),
        _after(count, dice, about_event=about_event),
    )


def _words_after(chosen: pl.DataFrame, dice: Dice) -> list[pl.Series]:
    """A column a place: a word of the post's language, or nothing where the post ended before."""
    known = words().languages
    spoken = [(" " if of.spaced else "") + word for of in known.values() for word in of.words]
    vocabulary = pl.Series(["", *spoken])
    sizes = [len(of.words) for of in known.values()]
    starts = [1 + sum(sizes[:at]) for at in range(len(sizes))]
    first = chosen["language"].replace_strict(list(known), starts, return_dtype=pl.UInt32)
    size = chosen["language"].replace_strict(list(known), sizes, return_dtype=pl.UInt32)
    count = chosen["fewest"] + dice.numbers(chosen.height) % (chosen["most"] - chosen["fewest"] + 1)
    places = []
    for place in range(int(chosen["most"].max())):  # type: ignore[arg-type]  # an Int64 column's maximum
        word = (first + dice.numbers(chosen.height) % size) * (place < count).cast(pl.UInt32)
        places.append(vocabulary.gather(word))
    return places


def _marks(plan: Scenario, chosen: pl.DataFrame, dice: Dice) -> list[pl.Series]:
    """Hashtags on a third and links on a tenth; few on benign posts, none on those in code words."""
    tags = pl.Series([" " + tag for tag in plan.hashtags] + [""] * (2 * len(plan.hashtags)))
    links = pl.Series([f" https://{domain}/" for domain in plan.domains] + [""] * (9 * len(plan.domains)))
    tag = tags.gather(dice.below(len(tags), chosen.height))
    link = links.gather(dice.below(len(links), chosen.height))
    page = dice.below(1000, chosen.height)
    pushing = chosen["violating"] & chosen["evasion"].ne_missing("coded")
    frame = pl.DataFrame({"pushing": pushing, "tag": tag, "link": link, "page": page})
    linked, quoting_it = pl.col("link") != "", ~chosen["violating"] & (page < 100)
    return frame.select(
        pl.when(pl.col("pushing") | quoting_it).then("tag").otherwise(pl.lit("")),
        pl.when(pl.col("pushing") & linked).then(pl.format("{}{}", "link", "page")).otherwise(pl.lit("")),
    ).get_columns()


def _authors(count: int, dice: Dice, *, shared: bool) -> pl.Series:
    """Accounts, a few of which write most; a wave is pushed by fewer."""
    accounts = max(5, count // (4 if shared else 2))
    number = (dice.shares(count) ** 2 * accounts).cast(pl.Int64)
    return pl.select(pl.format("account-{}", number)).to_series().alias("author")


def _reach(count: int, dice: Dice) -> pl.Series:
    """Heavy-tailed: a median of about 20 people, and now and then millions."""
    wide = 10 * (1 - dice.shares(count)) ** -1.1
    return wide.clip(upper_bound=_LARGEST_REACH).cast(pl.Int64).alias("reach")


def _after(count: int, dice: Dice, *, about_event: bool) -> pl.Series:
    """How long after the start: evenly over the window, or in a burst that fades after the event."""
    share, window, quiet = dice.shares(count), WINDOW.total_seconds(), QUIET.total_seconds()
    if not about_event:
        return _duration(share * window)
    delay = -(1 - share).log() * _FADING.total_seconds()
    return _duration(quiet + delay % (window - quiet))


def _duration(seconds: pl.Series) -> pl.Series:
    return (seconds * 1e6).cast(pl.Int64).cast(pl.Duration("us")).alias("after")
