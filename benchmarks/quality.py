"""Are the quality statistics what was printed about them, and how long do their intervals take?

    python -m benchmarks.quality [ITEMS [RESAMPLES]]

The first table sets our coefficients beside the digits that their authors printed and beside what a kept
library makes of the same readings in this run. The second gives exact intervals in the same way. The third
times the four coefficients with their bootstrap intervals over ITEMS (10,000) read twice, RESAMPLES (1,000);
the peers have no interval for all of them, so they are called for each resample, on 20 of them, and their
time is scaled up.

scikit-learn, krippendorff and statsmodels come with the `bench` extra. irrCAC asks for exactly scipy 1.12,
which nothing else here runs with: `pip install --no-deps irrCAC` puts it beside the others.
"""

import random
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.agreement import RESAMPLES, SCALE, Reading, agreement
from incidents.sweeps.quality.coefficients import Scale, coefficients
from incidents.sweeps.quality.proportions import share
from tests.incidents.worked_examples import EXAMPLES, INTERVALS, Example, Rows

VALUES = "{:<26} {:<6} {:>10} {:>11} {:>6}  {}"
TIMES = "{:<34} {:>8} {:>7} {:>9} {:>11} {:>7}"
TIMED_RESAMPLES = 20
PEERS = ("krippendorff", "sklearn", "statsmodels", "irrCAC")


def main() -> None:
    """Print the three tables; ends in failure where a printed digit is missed."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    resamples = int(sys.argv[2]) if len(sys.argv) > 2 else RESAMPLES
    for name in PEERS:
        if find_spec(name) is None:
            print(f"{name}: skipped, it is not installed (see the head of this file)")
    missed = values() + intervals()
    times(items, resamples)
    if missed:
        sys.exit(f"{missed} printed values were missed")


def values() -> int:
    """The coefficients; how many differ from what was printed."""
    print(VALUES.format("example", "", "printed", "ours", "equal", "peer"))
    missed = 0
    for example in EXAMPLES:
        found = coefficients(example.marks, np.ones((1, len(example.rows))), example.scale)
        for name, printed in example.printed.items():
            ours = float(getattr(found, name)[0])
            equal = f"{ours:.{decimals(printed)}f}" == printed
            missed += not equal
            print(VALUES.format(example.name, name, printed, f"{ours:.7f}", said(equal), beside(example, name)))
    return missed


def intervals() -> int:
    """The exact intervals; how many differ from what was printed."""
    print("\n" + VALUES.format("exact interval (Newcombe)", "", "printed", "ours", "equal", "peer"))
    missed = 0
    for hits, of, *ends in INTERVALS:
        ours = share(hits, of)
        theirs = proportion(hits, of)
        for name, printed, end in (("low", ends[0], ours.low), ("high", ends[1], ours.high)):
            equal = f"{end:.{decimals(printed)}f}" == printed
            missed += not equal
            row = f"{hits} of {of}", name, printed, f"{end:.7f}", said(equal), theirs[name]
            print(VALUES.format(*row))
    return missed


def decimals(printed: str) -> int:
    """How many digits stand behind the point."""
    return len(printed.partition(".")[2])


def said(equal: bool) -> str:
    """A word for the table."""
    return "yes" if equal else "NO"


def beside(example: Example, name: str) -> str:
    """What the first peer that is there makes of it, and which that was."""
    for peer, find in ((peer, find) for peer, knows, find in FINDERS if knows(example, name)):
        if find_spec(peer) is not None:
            return f"{find(example, name):.7f} {peer}"
    return "-"


def by_krippendorff(example: Example, _: str) -> float:
    """Alpha."""
    columns = np.asarray(padded(example.rows), dtype=float).T
    columns[columns == 0] = np.nan
    return float(peer_of("krippendorff").alpha(columns, level_of_measurement=example.scale.value))


def by_sklearn(example: Example, _: str) -> float:
    """Cohen's kappa."""
    one, other = zip(*example.rows, strict=True)
    return float(peer_of("sklearn.metrics").cohen_kappa_score(one, other))


def by_irrcac(example: Example, name: str) -> float:
    """Raw agreement, Conger's kappa and AC1."""
    frame = peer_of("pandas").DataFrame(padded(example.rows)).replace(0, np.nan)
    told = peer_of("irrCAC.raw").CAC(frame, digits=7)
    found = told.conger() if name == "kappa" else told.gwet()
    return float(found["est"]["pa" if name == "raw" else "coefficient_value"])


Knows = Callable[[Example, str], bool]
FINDERS: tuple[tuple[str, Knows, Callable[[Example, str], float]], ...] = (
    ("krippendorff", lambda _, name: name == "alpha", by_krippendorff),
    ("sklearn", lambda example, name: name == "kappa" and len(example.rows[0]) == 2, by_sklearn),
    ("irrCAC", lambda _, name: name != "alpha", by_irrcac),
)


def padded(rows: Rows) -> Rows:
    """All rows as long as the longest."""
    longest = max(len(row) for row in rows)
    return [row + [0] * (longest - len(row)) for row in rows]


def proportion(hits: int, of: int) -> dict[str, str]:
    """Both ends as statsmodels has them."""
    if find_spec("statsmodels") is None:
        return {"low": "-", "high": "-"}
    ends = peer_of("statsmodels.stats.proportion").proportion_confint(hits, of, method="beta")
    return {name: f"{end:.7f} statsmodels" for name, end in zip(("low", "high"), ends, strict=True)}


def peer_of(name: str) -> Any:  # noqa: ANN401 (a library that may be missing, and has no types)
    """The library, or a part of it."""
    return import_module(name)


def times(items: int, resamples: int) -> None:
    """Seconds for all four coefficients with their intervals, beside one peer for each resample."""
    print("\n" + TIMES.format("bootstrap", "items", "people", "seconds", "peers' s", "ratio"))
    for people in (2, 20, 200):
        readings = read_twice(items, people)
        ours = timed(partial(agreement, readings, seed="bench", resamples=resamples))
        theirs = peers_time(readings, resamples) if people == 2 else None
        row = f"{items:,}", people, f"{ours:.2f}", *compared(ours, theirs)
        print(TIMES.format(f"raw, kappa, alpha, AC1 × {resamples:,}", *row))


def compared(ours: float, theirs: float | None) -> tuple[str, str]:
    """The time of the peers and how many times ours it is."""
    return ("-", "-") if theirs is None else (f"{theirs:.1f}", f"{theirs / ours:.0f}")


def read_twice(items: int, people: int, seed: int = 1) -> list[Reading]:
    """Items that two people read, who agree on most of them; a tenth violates."""
    dice = random.Random(seed)
    names = [f"person{n}" for n in range(people)]
    readings = []
    for n in range(items):
        truth = dice.choices(SCALE, [0.8, 0.1, 0.1])[0]
        for person in dice.sample(names, 2):
            verdict: Verdict = truth if dice.random() < 0.9 else dice.choice(SCALE)
            readings.append(Reading(f"i{n}", person, verdict, "en", "north"))
    return readings


def peers_time(readings: list[Reading], resamples: int) -> float | None:
    """Seconds of scikit-learn's kappa and of krippendorff's alpha for so many resamples; None without them."""
    if find_spec("sklearn") is None or find_spec("krippendorff") is None:
        return None
    said: dict[str, list[int]] = {}
    for each in sorted(readings):
        said.setdefault(each.item, []).append(SCALE.index(each.verdict))
    table = np.asarray(list(said.values()))
    dice = np.random.default_rng(1)
    kappa, alpha = peer_of("sklearn.metrics").cohen_kappa_score, peer_of("krippendorff").alpha

    def some() -> None:
        for _ in range(TIMED_RESAMPLES):
            drawn = table[dice.integers(len(table), size=len(table))]
            kappa(drawn[:, 0], drawn[:, 1])
            alpha(drawn.T, level_of_measurement=Scale.nominal.value)

    return timed(some) * resamples / TIMED_RESAMPLES


def timed(work: Callable[[], object]) -> float:
    """Seconds of the quicker of two runs."""
    taken = []
    for _ in range(2):
        begun = perf_counter()
        work()
        taken.append(perf_counter() - begun)
    return min(taken)


if __name__ == "__main__":
    main()
