"""Published examples of agreement, with the values that their authors printed.

Rows are items, columns observers, cells categories from 1 on, 0 where somebody did not look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from incidents.sweeps.quality.coefficients import Marks, Scale

Rows = list[list[int]]


@dataclass(frozen=True)
class Example:
    """One table of readings, and what was printed about it: coefficient → digits."""

    name: str
    source: str
    rows: Rows
    categories: int
    printed: Mapping[str, str]
    scale: Scale = Scale.nominal

    @property
    def marks(self) -> Marks:
        """The readings as our coefficients take them."""
        items = [[(n, value - 1) for n, value in enumerate(row) if value] for row in self.rows]
        return Marks.of(items, max(len(row) for row in self.rows), self.categories)


def crossed(table: Sequence[Sequence[int]]) -> Rows:
    """The readings of two observers, from how often each pair of categories came up."""
    return [
        [one + 1, other + 1]
        for one, row in enumerate(table)
        for other, times in enumerate(row)
        for _ in range(times)
    ]


def counted(table: Sequence[Sequence[int]]) -> Rows:
    """The readings of each item, from how many put it into each category; who they were is lost."""
    return [[category + 1 for category, times in enumerate(row) for _ in range(times)] for row in table]


def paired(one: str, other: str) -> Rows:
    """The readings of two observers, a letter an item."""
    letters = sorted({*one, *other})
    return [[letters.index(a) + 1, letters.index(b) + 1] for a, b in zip(one, other, strict=True)]


FOUR_OBSERVERS: Rows = [
    [1, 1, 0, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [0, 5, 5, 5], [0, 0, 1, 1], [0, 0, 3, 0],
]  # fmt: skip
SIX_PSYCHIATRISTS: Rows = [
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
]  # fmt: skip

GWET = "Gwet, Handbook of Inter-Rater Reliability (2014), and the overview of irrCAC for R"
KRIPPENDORFF = "Krippendorff, Computing Krippendorff's Alpha-Reliability (2011)"
FEINSTEIN = "Feinstein and Cicchetti, Journal of Clinical Epidemiology 43 (1990)"

EXAMPLES = (
    Example(
        "Cohen 1960, table 2",
        "Cohen, Educational and Psychological Measurement 20 (1960)",
        crossed([[88, 14, 18], [10, 40, 10], [2, 6, 12]]),
        3,
        {"raw": "0.70", "kappa": "0.492"},
    ),
    Example("Feinstein, balanced", FEINSTEIN, crossed([[40, 9], [6, 45]]), 2, {"raw": "0.85", "kappa": "0.70"}),
    Example("Feinstein, skewed", FEINSTEIN, crossed([[80, 10], [5, 5]]), 2, {"raw": "0.85", "kappa": "0.32"}),
    Example(
        "Gwet, two abstractors",
        GWET,
        crossed([[13, 0, 0], [0, 20, 7], [0, 4, 56]]),
        3,
        {"raw": "0.89", "kappa": "0.7964094", "alpha": "0.7972585", "ac1": "0.8493305"},
    ),
    Example(
        "Gwet, four observers",
        GWET,
        FOUR_OBSERVERS,
        5,
        {"raw": "0.8181818", "kappa": "0.76282", "alpha": "0.74342", "ac1": "0.77544"},
    ),
    Example(
        "Gwet, six psychiatrists",
        GWET,
        counted(SIX_PSYCHIATRISTS),
        5,
        {"raw": "0.5511111", "alpha": "0.4204384", "ac1": "0.4448007"},
    ),
    Example("Krippendorff A", KRIPPENDORFF, paired("0100000010", "1110010000"), 2, {"alpha": "0.095"}),
    Example("Krippendorff B", KRIPPENDORFF, paired("aabbdcccedda", "babbbccceddd"), 5, {"alpha": "0.692"}),
    Example("Krippendorff C, nominal", KRIPPENDORFF, FOUR_OBSERVERS, 5, {"alpha": "0.743"}),
    Example("Krippendorff D, ordinal", KRIPPENDORFF, FOUR_OBSERVERS, 5, {"alpha": "0.815"}, Scale.ordinal),
    Example("Krippendorff D, interval", KRIPPENDORFF, FOUR_OBSERVERS, 5, {"alpha": "0.849"}, Scale.interval),
)

NEWCOMBE = "Newcombe, Statistics in Medicine 17 (1998), table I, method 5"
INTERVALS = (
    (81, 263, "0.2527", "0.3676"),
    (15, 148, "0.0578", "0.1617"),
    (0, 20, "0.0000", "0.1684"),
    (1, 29, "0.0009", "0.1776"),
)
"""Hits, of how many, and the ends of the exact interval at 95 % as Newcombe printed them."""
