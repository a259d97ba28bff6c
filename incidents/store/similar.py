"""Find past incidents that are like one, with what was accepted and filed after them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from incidents.incident.incident import Incident
from incidents.people import Person
from incidents.reviews.record import About, Earlier, EarlierAction, FactorPart
from incidents.reviews.similar import Likeness, Traits, likeness, may_be_alike
from incidents.store.action_history import last_moves, state_after
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.schema import action_items, batches, factors, incidents, signals, sweeps, timeline
from incidents.sweeps.folding import fold
from incidents.timeline import Event

COMPARED: Final = 200
"""The newest incidents that are compared to the last point, of those that share a policy or an entry."""

SHOWN: Final = 5
"""Past incidents that are told, the most alike first."""

_Ids = Sequence[str]
_COMPARED_BY: Final = (
    *(incidents.c.id, incidents.c.number, incidents.c.title, incidents.c.opened_at),
    *(incidents.c.policy, incidents.c.protocol, incidents.c.severity),
)


def similar_for(work: Work, incident: Incident, person: Person, *, now: datetime) -> list[Earlier]:
    """Past real incidents like this one, the most alike first; those alone that the person may read.

    The door asks first whether the person may read the incident itself.
    """
    return _similar(work, incident, among=readable(person), as_of=now)


def similar_for_all(work: Work, incident: About, *, as_of: datetime) -> list[Earlier]:
    """The same for a document that many read: no restricted incident is among them.

    It is told as it stood at the end of the record, or what others do elsewhere would change a document
    between its draft and its signature.
    """
    return _similar(work, incident, among=incidents.c.restricted.is_(False), as_of=as_of)


def _similar(
    work: Work, about: Incident | About, *, among: sa.ColumnElement[bool], as_of: datetime
) -> list[Earlier]:
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
    accepted, items = _accepted(work, first, as_of), _items(work, first, as_of)
    return [_told(rows[id], alike[id], accepted[id], items[id]) for id in first]


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


def _accepted(work: Work, ids: _Ids, as_of: datetime) -> dict[str, list[str]]:
    """Incident → sentences of the factors that had been accepted by then; not of what helped."""
    judged = (
        sa.select(timeline.c.incident_id, timeline.c.facts)
        .where(timeline.c.incident_id.in_(ids), timeline.c.event == Event.factor_judged.value)
        .where(timeline.c.at <= as_of)
        .order_by(timeline.c.incident_id, timeline.c.seq)
    )
    states = {(row.incident_id, row.facts["number"]): row.facts["state"] for row in work.execute(judged)}
    statement = sa.select(factors.c.incident_id, factors.c.number, factors.c.sentence)
    contributed = (factors.c.incident_id.in_(ids), factors.c.part != FactorPart.mitigator.value)
    rows = work.execute(statement.where(*contributed).order_by(factors.c.number))
    said = ((id, sentence) for id, number, sentence in rows if states.get((id, number)) == "accepted")
    return _grouped(said)


def _items(work: Work, ids: _Ids, as_of: datetime) -> dict[str, list[EarlierAction]]:
    """Incident → the action items that had been filed by then, in the state that they had."""
    moves = last_moves(work, at=as_of, among=timeline.c.incident_id.in_(ids))
    statement = sa.select(action_items).where(
        action_items.c.incident_id.in_(ids), action_items.c.filed_at <= as_of
    )
    found: dict[str, list[EarlierAction]] = defaultdict(list)
    for item in work.execute(statement.order_by(action_items.c.number)):
        told = {**item._mapping, "state": state_after(moves.get(item.id))}
        found[item.incident_id].append(EarlierAction.model_validate(told))
    return found


def _told(
    row: sa.Row[Any], alike: Likeness, accepted: Sequence[str], items: Sequence[EarlierAction]
) -> Earlier:
    return Earlier(
        id=row.id,
        title=row.title,
        severity=row.severity,
        opened_at=row.opened_at,
        points=alike.points,
        reasons=alike.reasons,
        factors=tuple(accepted),
        actions=tuple(items),
    )


def _grouped(pairs: Iterable[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for incident, value in pairs:
        found[incident].append(value)
    return found
