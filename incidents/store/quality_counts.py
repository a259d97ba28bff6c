"""How right the decisions of an incident are: second looks, undone decisions, and who replaced which."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from incidents.reviews.reading import LanguageQuality, stated
from incidents.store.engine import Work
from incidents.store.quality import Pair, readings_in, second_looks, settled
from incidents.store.reading_counts import own_decisions
from incidents.store.schema import decisions, items, readings, sweeps
from incidents.store.schema import timeline as entries
from incidents.sweeps.quality.agreement import Agreement, Key, agreement_by
from incidents.sweeps.quality.precision import Precision, precision, precision_by_language
from incidents.timeline import Event


class Fates(NamedTuple):
    """What became of decisions that do not stand any more."""

    undone: dict[tuple[str, str], int]
    """Sweep and language → decisions that somebody undid."""
    settled: int
    """Decisions in whose place somebody else's stands: two differed, or one was unsure."""
    revised: int
    """Decisions that their own author replaced."""


def fates(work: Work, incident: str) -> Fates:
    """What became of the decisions that were superseded."""
    undone: Counter[tuple[str, str]] = Counter()
    others: Counter[bool] = Counter()
    for row in work.execute(_superseded(incident)):
        if row.undone:
            undone[row.sweep_id, row.language] += row.decisions
        else:
            others[bool(row.by_themselves)] += row.decisions
    return Fates(dict(undone), settled=others[False], revised=others[True])


def quality_by_sweep(
    work: Work, incident: str, undone: Mapping[tuple[str, str], int]
) -> dict[str, tuple[LanguageQuality, ...]]:
    """Sweep → what second looks say of each language; the numbers are those of `quality_of`."""
    of_incident = readings.c.sweep_id.in_(sa.select(sweeps.c.id).where(sweeps.c.incident_id == incident))
    pairs: dict[str, list[Pair]] = defaultdict(list)
    for pair in second_looks(work, of_incident):
        pairs[pair.sweep_id].append(pair)
    named = sorted({*pairs, *(sweep for sweep, _ in undone)})
    return {sweep: _quality(sweep, pairs[sweep], undone) for sweep in named}


def _superseded(incident: str) -> sa.Select[Any]:
    """Decisions that do not stand any more, by sweep, language, and what came in their place."""
    later = decisions.alias("later")
    next_author = (
        sa.select(later.c.person)
        .where(later.c.sweep_id == decisions.c.sweep_id, later.c.item == decisions.c.item)
        .where(later.c.id > decisions.c.id)
        .order_by(later.c.id)
        .limit(1)
        .scalar_subquery()
    )
    undoing = (
        sa.select(
            entries.c.facts["sweep"].as_string().label("sweep"),
            entries.c.facts["item"].as_string().label("item"),
            entries.c.at,
        )
        .where(entries.c.incident_id == incident, entries.c.event == Event.decision_undone.value)
        .subquery("undoing")
    )
    undid = sa.and_(
        undoing.c.sweep == decisions.c.sweep_id,
        undoing.c.item == decisions.c.item,
        undoing.c.at == decisions.c.superseded_at,
    )
    return (
        sa.select(
            decisions.c.sweep_id,
            items.c.language,
            undoing.c.item.is_not(None).label("undone"),
            (next_author == decisions.c.person).label("by_themselves"),
            sa.func.count().label("decisions"),
        )
        .select_from(own_decisions().outerjoin(undoing, undid))
        .where(sweeps.c.incident_id == incident, decisions.c.superseded_at.is_not(None))
        .group_by(decisions.c.sweep_id, items.c.language, "undone", "by_themselves")
    )


def _quality(
    sweep: str, pairs: Sequence[Pair], undone: Mapping[tuple[str, str], int]
) -> tuple[LanguageQuality, ...]:
    agreed = agreement_by(readings_in(pairs), Key.language, seed=sweep)
    upheld = precision_by_language(settled(pairs))
    languages = sorted({*agreed, *upheld, *(language for of, language in undone if of == sweep)})
    nothing = (Agreement(items=0, pairs=0), precision([]))
    return tuple(
        _language(
            language,
            agreed.get(language, nothing[0]),
            upheld.get(language, nothing[1]),
            undone.get((sweep, language), 0),
        )
        for language in languages
    )


def _language(language: str, agreed: Agreement, upheld: Precision, undone: int) -> LanguageQuality:
    return LanguageQuality(
        language=language,
        twice=agreed.items,
        raw=stated(agreed.raw),
        ac1=stated(agreed.ac1),
        violates=upheld.violates,
        does_not_violate=upheld.does_not_violate,
        precision=stated(upheld.precision),
        missed=stated(upheld.missed),
        undone=undone,
    )
