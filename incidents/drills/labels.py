"""Which label of recorded posts means a violation."""

from typing import Final

import polars as pl

_VIOLATING: Final = (
    *("violating", "violation", "violates", "hate", "hateful", "hate speech", "incitement", "on topic"),
    *("relevant", "toxic", "abusive", "abuse", "harmful", "unsafe", "misinformation", "rumour", "rumor"),
    *("positive", "1", "true", "yes"),
)
"""Labels that mean a violation, the clearest first, as `labelled` writes them."""


def violating_label(labels: pl.Series) -> str | None:
    """Return the label that means a violation, as it stands in the column, or None where none can.

    - a name that we know, the clearest first: violating, hate, on-topic, toxic, 1, true, yes…
    - else, of exactly two labels, the rarer; the first by name where both are as frequent
    """
    counts = (
        pl.DataFrame({"label": labels.cast(pl.String), "plain": labelled(labels)})
        .drop_nulls()
        .group_by("plain")
        .agg(pl.col("label").min(), pl.len().alias("count"))
        .sort("count", "plain")
    )
    as_written: dict[str, str] = dict(counts.select("plain", "label").iter_rows())
    for known in _VIOLATING:
        if known in as_written:
            return as_written[known]
    return next(iter(as_written.values())) if len(as_written) == 2 else None


def labelled(labels: pl.Series) -> pl.Series:
    """Labels made comparable: small letters, spaces for - and _, and 1 for 1.0."""
    plain = labels.cast(pl.String).str.to_lowercase().str.replace_all(r"[-_\s]+", " ").str.strip_chars()
    return plain.str.replace(r"^(\d+)\.0+$", "$1")
