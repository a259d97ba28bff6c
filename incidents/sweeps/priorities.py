"""In which order is it read? The likeliest harm first, and of two as likely the one that does more."""

from typing import Final

import polars as pl

REACH_WORTH: Final = 0.1
"""How much ten times the reach is worth: as much as a likelihood that is a tenth higher. Own choice, small on
purpose: a sweep ends the sooner, the more its order follows the likelihood."""

COPIES_WORTH: Final = 0.1
"""How much twice the copies are worth that the decision covers."""


def priorities(posts: pl.DataFrame, *, severity: float) -> pl.DataFrame:
    """Columns id, score, priority; the higher is read the earlier.

    `posts` has id, score (0 to 1), reach (people who saw it and its copies) and copies (the post included);
    `severity` is the harm of what is looked for, 0 to 1, so that of two sweeps the worse one's posts rank
    higher. The priority is

        score · (1 + 0.1 · log10(1 + reach) + 0.1 · log2(copies)) · (1 + severity)

    and rises with each of the four. It stays below 10 for any reach that there is.
    """
    reach = REACH_WORTH * (pl.col("reach") + 1).log10()
    copies = COPIES_WORTH * pl.col("copies").log(2)
    weighed = pl.col("score") * (1 + reach + copies) * (1 + severity)
    return posts.select("id", "score", weighed.cast(pl.Float64).alias("priority"))
