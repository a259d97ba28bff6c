"""Which posts are likeliest to violate, judging by what people have decided so far?

A ranking orders what is read next and decides nothing. It learns from {post: violates} alone; the samples
that steer and certify are none of its business.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from scipy.special import expit
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from incidents.sweeps.features import Features, Floats, Matrix
from incidents.sweeps.teaching import Example

Rows: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

PRESUMED: Final = 100
"""Unread posts that count as not violating in each fit, but one in twenty at most: among the last ones are
violations. Source: Cormack and Grossman 2015 (AutoTAR)."""

_COST: Final = 0.11
_BALANCE: Final = 4.0
_LIKENESS_WORTH: Final = 0.3
_STEEPNESS: Final = 4.0
_PRIOR_WORTH: Final = 3
_NEIGHBOURS: Final = 1_000
_RARE_SHARE: Final = 50
_RARE_POSTS: Final = 5
_ROWS_AT_ONCE: Final = 5_000


def cold_start(features: Features, posts: pl.DataFrame, examples: Sequence[Example]) -> Floats:
    """Scores (0 to 1, a number a row of `features`) before anybody has decided anything.

    Half is what matched: the entries of the scope (`matched`), each worth more the rarer it is, relative to
    the post for which they are worth most. Half is how much nearer the text is to an example that violates
    than to one that does not. Where one of them is missing, the other is all.
    """
    parts = [part for part in (_rules(features, posts), _examples(features, examples)) if part is not None]
    return np.mean(parts, axis=0, dtype=np.float32) if parts else np.full(len(features.ids), 0.5, np.float32)


def refit(features: Features, decided: Mapping[str, bool], prior: Floats, *, seed: int) -> Floats:
    """Scores (0 to 1, a number a row of `features`; the higher, the likelier) after these decisions.

    `decided` says of posts whether they violate; those that people are unsure of are left out, and ids that
    are not among the features are passed over. `prior` is what `cold_start` gave, and weighs less with each
    violation that was found. Labels may contradict each other. Scores order posts; they are not calibrated
    probabilities. Same arguments, same bytes, in whichever order the decisions come.

    - a linear SVM (squared hinge), violations weighing four times as much as the rest together, with unread
      posts presumed not to violate
    - how much nearer the post is to a violation than to what does not violate: variants of one text
    - no violation yet: the cold start, less where the post is like what did not violate
    """
    rows, violates = _known(features, decided)
    if not violates.any():
        return _unlike(features, rows, prior)
    nearer = _nearer(features, rows, violates, seed)
    learned = expit(_STEEPNESS * (_margins(features, rows, violates, seed) + _LIKENESS_WORTH * nearer))
    found = int(violates.sum())
    return np.asarray((found * learned + _PRIOR_WORTH * prior) / (found + _PRIOR_WORTH), np.float32)


def _rules(features: Features, posts: pl.DataFrame) -> Floats | None:
    if "matched" not in posts.columns:
        return None
    pairs = posts.select("id", "matched").explode("matched", empty_as_null=False).drop_nulls().unique()
    worth = pairs.with_columns((posts.height / pl.len().over("matched")).log1p().alias("worth"))
    each = worth.group_by("id").agg(pl.col("worth").sum())
    if not each.height:
        return None
    asked = pl.DataFrame({"id": features.ids}).join(each, on="id", how="left", maintain_order="left")
    most = float(each["worth"].to_numpy().max())
    return np.asarray((asked["worth"].fill_null(0.0) / most).to_numpy(), np.float32)


def _examples(features: Features, examples: Sequence[Example]) -> Floats | None:
    if not examples:
        return None
    rows = features.encode([example.text for example in examples])
    violates = np.array([example.violates for example in examples])
    nearest = [_likeness(features, rows[flags]) for flags in (violates, ~violates)]
    return np.asarray((1 + nearest[0] - nearest[1]) / 2, np.float32)


def _known(features: Features, decided: Mapping[str, bool]) -> tuple[Rows, Flags]:
    """Rows of what was decided, in the order of the features, and whether each violates."""
    rows = features.rows_of(list(decided))
    violates = np.fromiter(decided.values(), dtype=np.bool_, count=len(decided))
    order = np.argsort(rows, kind="stable")
    kept = order[rows[order] >= 0]
    return rows[kept], violates[kept]


def _unlike(features: Features, rows: Rows, prior: Floats) -> Floats:
    """The cold start, down to a half of it for the very texts that do not violate."""
    return np.asarray(prior * (1 - _likeness(features, features.matrix[rows]) / 2), np.float32)


def _margins(features: Features, rows: Rows, violates: Flags, seed: int) -> Floats:
    """Signed distances from the SVM's plane, a number a row; zeros where all was read and all violates."""
    presumed = _presumed(features, rows, seed)
    taught = features.matrix[np.concatenate([rows, presumed])]
    labels = np.concatenate([violates, np.zeros(len(presumed), dtype=np.bool_)])
    if labels.all():
        return np.zeros(len(features.ids), np.float32)
    columns = np.unique(taught.indices)
    plane = LinearSVC(C=_COST, random_state=seed)
    plane.fit(_narrowed(taught, columns), labels, sample_weight=_balanced(labels))
    weights = np.zeros(taught.shape[1], np.float32)
    weights[columns] = plane.coef_[0]
    return features.matrix @ weights + np.float32(plane.intercept_[0])


def _narrowed(matrix: Matrix, columns: npt.NDArray[np.int32]) -> Matrix:
    """The same rows with these columns alone, so that the plane has no more weights than it needs."""
    indices = np.searchsorted(columns, matrix.indices)
    return sparse.csr_matrix((matrix.data, indices, matrix.indptr), (matrix.shape[0], len(columns)))


def _presumed(features: Features, rows: Rows, seed: int) -> Rows:
    unread = np.setdiff1d(np.arange(len(features.ids)), rows)
    dice = np.random.default_rng([seed, len(rows)])
    return np.sort(dice.choice(unread, min(PRESUMED, len(unread) // 20), replace=False))


def _balanced(labels: Flags) -> npt.NDArray[np.float64]:
    """Weights with mean 1: the violations together weigh `_BALANCE` times what the others do together."""
    weights = np.where(labels, 1.0, labels.sum() / (_BALANCE * (~labels).sum()))
    return np.asarray(weights * (len(labels) / weights.sum()))


def _nearer(features: Features, rows: Rows, violates: Flags, seed: int) -> Floats:
    """Likeness (0 to 1) to the nearest violation less that to the nearest of the others."""
    dice = np.random.default_rng([seed, len(rows), 1])
    sides = [
        np.sort(dice.choice(side, min(_NEIGHBOURS, len(side)), replace=False))
        for side in (rows[violates], rows[~violates])
    ]
    near, far = (_likeness(features, features.matrix[side]) for side in sides)
    return near - far


def _likeness(features: Features, others: Matrix) -> Floats:
    """Cosine (0 to 1) of each row to the nearest of the others, by what is rare in the pile; 0 without others.

    What more than a fiftieth of the posts hold (and more than five posts) says little about whether two are
    variants of one text, and costs most.
    """
    if not others.shape[0]:
        return np.zeros(len(features.ids), np.float32)
    telling = features.weights >= _rare(features.weights)
    unit = _kept(others, telling).T.tocsr()
    starts = range(0, features.matrix.shape[0], _ROWS_AT_ONCE)
    parts = [_kept(features.matrix[start : start + _ROWS_AT_ONCE], telling) @ unit for start in starts]
    return np.concatenate([part.max(axis=1).toarray().ravel() for part in parts], dtype=np.float32)


def _rare(weights: Floats) -> float:
    """The least weight of a column that tells; the greatest weight is of columns that no post holds."""
    return float(min(np.log(_RARE_SHARE) + 1, weights.max() - np.log(1 + _RARE_POSTS))) - 1e-4


def _kept(matrix: Matrix, columns: Flags) -> Matrix:
    """The rows with these columns alone, each with length 1."""
    data = np.where(columns[matrix.indices], matrix.data, np.float32(0))
    kept = sparse.csr_matrix((data, matrix.indices, matrix.indptr), matrix.shape)
    kept.eliminate_zeros()
    rows = np.repeat(np.arange(kept.shape[0]), np.diff(kept.indptr))
    lengths = np.sqrt(np.bincount(rows, weights=np.square(kept.data), minlength=kept.shape[0]))
    kept.data /= lengths[rows].astype(np.float32)
    return kept
