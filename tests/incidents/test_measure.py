"""A drill's decisions are held against a truth that its reviewers did not see."""

from datetime import UTC, datetime

import polars as pl

from incidents.catalogue.policies import RecommendedAction
from incidents.drills.measure import Measured, measure_sweep
from incidents.sweeps.decisions import Decision, Verdict
from incidents.sweeps.posts import POST_SCHEMA

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def pile(violating: dict[str, bool | None]) -> tuple[pl.DataFrame, pl.DataFrame]:
    posts = pl.DataFrame(
        [{"id": name, "text": "…", "language": "de" if name > "c" else "en", "reach": 0} for name in violating],
        schema_overrides=POST_SCHEMA,
    )
    truth = pl.DataFrame(
        {"id": list(violating), "violating": list(violating.values())},
        schema_overrides={"violating": pl.Boolean},
    )
    return posts, truth


def decided(item: str, verdict: Verdict) -> Decision:
    violates = verdict is Verdict.violates
    return Decision(
        item=item,
        verdict=verdict,
        policy="p.q" if violates else None,
        clause="c" if violates else None,
        policy_version=1 if violates else None,
        action=RecommendedAction.remove if violates else RecommendedAction.keep,
        person="jack",
        decided_at=NOW,
    )


def test_recall_counts_what_the_scope_missed_and_precision_what_was_wrongly_removed() -> None:
    posts, truth = pile({"a": True, "b": True, "c": False, "d": True, "e": False})
    decisions = [
        decided("a", Verdict.violates),
        decided("b", Verdict.does_not_violate),
        decided("c", Verdict.violates),
    ]
    measured = measure_sweep(posts, truth, matched=["a", "b", "c"], decisions=decisions)
    assert (measured.violating, measured.gathered, measured.found) == (3, 2, 1)
    assert (measured.recall, measured.precision, measured.wrongly_removed) == (0.3333, 0.5, 1)
    assert measured.by_language == {
        "de": {"violating": 1, "found": 0},
        "en": {"violating": 2, "found": 1},
    }


def test_without_a_truth_nothing_is_claimed() -> None:
    posts, truth = pile({"a": None, "b": None})
    assert measure_sweep(posts, truth, matched=["a"], decisions=[]) == Measured()


def test_nothing_removed_is_no_precision() -> None:
    posts, truth = pile({"a": False, "b": False})
    measured = measure_sweep(posts, truth, matched=["a"], decisions=[decided("a", Verdict.does_not_violate)])
    assert (measured.recall, measured.precision) == (None, None)
