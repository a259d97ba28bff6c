"""How far do people agree, beyond what chance alone would bring about?

The coefficients as they were published, over arrays, so that a thousand resamples cost one product of matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Scale(StrEnum):
    """What Krippendorff's alpha takes for the distance of two categories."""

    nominal = "nominal"  # another category is another category
    ordinal = "ordinal"  # the categories are ranks
    interval = "interval"  # neighbouring categories are equally far apart


@dataclass(frozen=True)
class Marks:
    """Who marked which item as what: one row a reading, in three columns of indices."""

    item: Ints
    person: Ints
    category: Ints
    items: int
    people: int
    categories: int

    @classmethod
    def of(cls, items: Sequence[Sequence[tuple[int, int]]], people: int, categories: int) -> "Marks":
        """From the (person, category) of each reading, item by item."""
        item = np.repeat(np.arange(len(items)), [len(marks) for marks in items])
        rows = np.asarray([mark for marks in items for mark in marks], dtype=np.int64).reshape(-1, 2)
        return cls(item, rows[:, 0], rows[:, 1], len(items), people, categories)

    def counts(self) -> Floats:
        """Readings by item and category."""
        cells = np.bincount(self.item * self.categories + self.category, minlength=self.items * self.categories)
        return cells.reshape(self.items, self.categories).astype(np.float64)


@dataclass(frozen=True)
class Coefficients:
    """One number a row of weights; NaN where the row does not define it."""

    raw: Floats
    kappa: Floats
    alpha: Floats
    ac1: Floats


def coefficients(marks: Marks, weights: Floats, scale: Scale = Scale.nominal) -> Coefficients:
    """All four, for each row of `weights` (rows × items): how often, or how heavily, each item counts.

    - raw: how often two people who read the same item say the same, the mean over the items
    - kappa: Cohen (1960) for two people, Conger (1980) for more; for readings that are missing Gwet (2014)
    - alpha: Krippendorff (2011), which corrects for small samples
    - ac1: Gwet (2008), over all categories there are, used or not; steady where one is rare

    An item that was read once takes part in what chance is for kappa and AC1, as Gwet has it, and in
    nothing else.
    """
    counts = marks.counts()
    read = counts.sum(axis=1)
    twice = read >= 2
    agreeing = np.zeros(len(counts))
    agreeing[twice] = (counts * (counts - 1)).sum(axis=1)[twice] / (read * (read - 1))[twice]
    raw = _ratio(weights @ agreeing, weights @ twice.astype(np.float64))
    return Coefficients(
        raw=raw,
        kappa=_beyond(raw, _chance_of_people(marks, weights)),
        alpha=_alpha(counts[twice], weights[:, twice], scale),
        ac1=_beyond(raw, _chance_of_gwet(counts, weights)),
    )


def _beyond(raw: Floats, chance: Floats) -> Floats:
    return _ratio(raw - chance, 1 - chance)


def _chance_of_people(marks: Marks, weights: Floats) -> Floats:
    """That two different people, each deciding at random with the shares of their own, say the same."""
    cell = marks.person * marks.categories + marks.category
    order = np.argsort(cell, kind="stable")
    cells, starts = np.unique(cell[order], return_index=True)
    said = np.zeros((len(weights), marks.people * marks.categories))
    if len(starts):
        said[:, cells] = np.add.reduceat(weights[:, marks.item[order]], starts, axis=1)
    by_person = said.reshape(len(weights), marks.people, marks.categories)
    total = by_person.sum(axis=2, keepdims=True)
    shares = np.divide(by_person, total, out=np.zeros_like(by_person), where=total > 0)
    people = (total[:, :, 0] > 0).sum(axis=1).astype(np.float64)
    same = (shares.sum(axis=1) ** 2 - (shares**2).sum(axis=1)).sum(axis=1)
    return _ratio(same, people * (people - 1))


def _chance_of_gwet(counts: Floats, weights: Floats) -> Floats:
    """That a reading is made at random, and meets another one."""
    read = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, read, out=np.zeros_like(counts), where=read > 0)
    prevalence = weights @ shares
    total = prevalence.sum(axis=1, keepdims=True)
    prevalence = np.divide(prevalence, total, out=np.full_like(prevalence, np.nan), where=total > 0)
    random = (prevalence * (1 - prevalence)).sum(axis=1)
    return _ratio(random, np.full(len(random), counts.shape[1] - 1.0))


def _alpha(counts: Floats, weights: Floats, scale: Scale) -> Floats:
    """1 − (n − 1) · observed ÷ expected disagreement, from the coincidences of the values within an item."""
    size = counts.shape[1]
    pairs = counts[:, :, None] * (counts[:, None, :] - np.eye(size))
    pairs /= (counts.sum(axis=1) - 1)[:, None, None]
    together = (weights @ pairs.reshape(len(counts), size * size)).reshape(-1, size, size)
    values = together.sum(axis=2)
    apart = _distances(values, scale)
    observed = (together * apart).sum(axis=(1, 2))
    expected = (values[:, :, None] * values[:, None, :] * apart).sum(axis=(1, 2))
    return 1 - _ratio((values.sum(axis=1) - 1) * observed, expected)


def _distances(values: Floats, scale: Scale) -> Floats:
    if scale is Scale.nominal:
        return np.broadcast_to(1 - np.eye(values.shape[1]), (*values.shape, values.shape[1]))
    places = np.broadcast_to(np.arange(values.shape[1], dtype=np.float64), values.shape)
    if scale is Scale.ordinal:
        places = np.cumsum(values, axis=1) - values / 2
    return np.asarray((places[:, :, None] - places[:, None, :]) ** 2)


def _ratio(above: Floats, below: Floats) -> Floats:
    """NaN wherever nothing stands below; by how much rounding can miss 0 is seen from the sizes here."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=np.abs(below) > 1e-12)
