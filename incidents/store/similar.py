"""Find past incidents that are like one, with what was accepted and filed after them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from incidents.incident.incident import Incident
from incidents.people import Person
from incidents.reviews.record import About, Earlier, EarlierAction
from incidents.reviews.similar import Likeness, Traits, likeness, may_be_alike
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.schema import action_items, batches, factors, incidents, signals, sweeps
from incidents.sweeps.folding import fold

COMPARED: Final = 200
"""The newest incidents that are compared to the last point, of those that share a policy or an entry."""

SHOWN: Final = 5
"""Past incidents that are told, the most alike first."""

_Ids = Sequence[str]
_COMPARED_BY: Final = (
    *(incidents.c.id, incidents.c.number, incidents.c.title, incidents.c.opened_at),
    *(incidents.c.policy, incidents.c.protocol, incidents.c.severity),
)


def similar_for(work: Work, incident: Incident, person: Person) -> list[Earlier]:
    """Past real incidents like this one, the most alike first; those alone that the person may read.

    The door asks first whether the person may read the incident itself.
    """
    return _similar(work, incident, among=readable(person))


def similar_for_all(work: Work, incident: Incident | About) -> list[Earlier]:
    """The same for a document that many read: no restricted incident is among them."""
    return _similar(work, incident, among=incidents.c.restricted.is_(False))


def _similar(work: Work, about: Incident | About, *, among: sa.ColumnElement[bool]) -> list[Earlier]:
    before = sa.and_(incidents.c.drill == "", incidents.c.opened_at < about.opened_at, among)
    rows = {row.id: row for row in work.execute(sa.select(*_COMPARED_BY).where(before))}
    entries = _entries(work, [about.id, *rows])
    mine = _traits(about, entries)
    traits = [_traits(row, entries) for row in sorted(rows.values(), key=lambda row: -row.number)]
    chosen = [each for each in traits if may_be_alike(mine, each)][:COMPARED]
    known = _circumstances(work, [about.id, *(each.incident for each in chosen)])
    mine, *others = [each.model_copy(update=known[each.incident]) for each in (mine, *chosen)]
    alike = {each.incident: found for each in others if (found := likeness(mine, each)) is not None}
    # Sorting is stable: of two that are equally alike the newer one stays in front.
    first = sorted(alike, key=lambda id: -alike[id].points)[:SHOWN]
    return _told(work, [(rows[id], alike[id]) for id in first])


def _traits(row: Any, entries: Mapping[str, frozenset[str]]) -> Traits:  # noqa: ANN401  a row, or an incident
    return Traits(
        incident=row.id,
        policy=row.policy,
        protocol=row.protocol,
        severity=row.severity,
        entries=entries.get(row.id, frozenset()),
    )


def _entries(work: Work, ids: _Ids) -> dict[str, frozenset[str]]:
    """Incident → terms and hashtags of all its scopes, as sweeps compare them."""
    scopes = work.execute(sa.select(sweeps.c.incident_id, sweeps.c.scope).order_by(sweeps.c.id))
    wanted = set(ids)
    found: dict[str, set[str]] = defaultdict(set)
    for incident, scope in scopes:
        if incident in wanted:
            found[incident] |= {fold(each) for name in ("terms", "hashtags") for each in scope.get(name, ())}
    return {incident: frozenset(each) for incident, each in found.items()}


def _circumstances(work: Work, ids: _Ids) -> dict[str, dict[str, frozenset[str]]]:
    languages = sa.select(batches.c.incident_id, batches.c.language).where(batches.c.incident_id.in_(ids))
    kinds = sa.select(signals.c.incident_id, signals.c.kind).where(signals.c.incident_id.in_(ids))
    of_batches = _grouped(work.execute(languages.distinct()))
    of_signals = _grouped(work.execute(kinds.distinct()))
    return {id: {"languages": frozenset(of_batches[id]), "kinds": frozenset(of_signals[id])} for id in ids}


def _told(work: Work, found: Sequence[tuple[sa.Row[Any], Likeness]]) -> list[Earlier]:
    ids = [row.id for row, _ in found]
    accepted = sa.select(factors.c.incident_id, factors.c.sentence).where(
        factors.c.incident_id.in_(ids), factors.c.state == "accepted"
    )
    filed = sa.select(action_items).where(action_items.c.incident_id.in_(ids))
    sentences = _grouped(work.execute(accepted.order_by(factors.c.number)))
    items: dict[str, list[EarlierAction]] = defaultdict(list)
    for item in work.execute(filed.order_by(action_items.c.number)):
        items[item.incident_id].append(EarlierAction.model_validate(item))
    return [
        Earlier(
            id=row.id,
            title=row.title,
            severity=row.severity,
            opened_at=row.opened_at,
            points=alike.points,
            reasons=alike.reasons,
            factors=tuple(sentences[row.id]),
            actions=tuple(items[row.id]),
        )
        for row, alike in found
    ]


def _grouped(pairs: Iterable[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for incident, value in pairs:
        found[incident].append(value)
    return found
