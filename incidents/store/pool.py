"""What waits to be read in a sweep, and the batches that are made of it.

A batch is of one language, so that one guideline holds for it. Which of its places serve which purpose, see
`Purpose`; the reviewer gets them in one row, in an order that tells nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed
from incidents.store import certify
from incidents.store.engine import Work
from incidents.store.exposure import nothing_for
from incidents.store.golden import golden_for
from incidents.store.said import at_places, is_empty
from incidents.store.schema import (
    batches,
    decisions,
    exposures,
    golden,
    items,
    places,
    readings,
    skips,
    sweeps,
    windows,
)
from incidents.store.steering import load_steering
from incidents.store.sweeps import lock_sweep
from incidents.sweeps.batches import DECIDES, Purpose, shares
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.exposure import SEVERE_FROM, Allowance

LOOKS: Final = frozenset({Purpose.adjudicate, Purpose.check, Purpose.second})
"""Purposes for which an item waits by its column `look`."""

TURN: Final = 4
"""Every so many batches of a team, the language that got fewest so far has its turn, however low it ranks."""


class Wanted(BaseModel):
    """Who asks for a batch, and of what."""

    model_config = ConfigDict(frozen=True)

    team: str
    person: str
    size: int
    languages: tuple[str, ...] | None
    graphic: bool = Field(False, description="What waits is hard to look at.")
    allowance: Allowance | None = Field(None, description="How much of it the person may be shown.")
    looks_only: bool = Field(False, description="Enough was read; what is left are further looks.")


def make_batch(work: Work, sweep: str, wanted: Wanted) -> str | None:
    """Make a batch of what waits for the team in a language of the person; return its id, or None.

    NotAllowed, and nothing is changed, where the person may be shown nothing of it now.
    """
    lock_sweep(work, sweep)
    wanted = _within_allowance(wanted)
    steering = load_steering(work, sweep)
    languages = _languages(work, sweep, wanted)
    source = steering.next_source([stratum for stratum in steering.lanes if stratum[0] in languages])
    ahead, form_ahead = source.stratum or (None, None)
    waits = False
    for language in sorted(languages, key=lambda language: language != ahead):
        form = form_ahead if language == ahead else None
        picks = _picks(work, sweep, wanted, Where(language, form, steering.until))
        shown = _spaced(work, sweep, wanted, language, picks)
        if shown:
            return _open(work, sweep, wanted, language, shown)
        waits |= bool(picks)
    if waits:
        raise _too_severe(wanted)
    return None


def _within_allowance(wanted: Wanted) -> Wanted:
    """The same of as many items as the person may be shown. NotAllowed where that is none."""
    if wanted.allowance is None:
        return wanted
    size = min(wanted.size, wanted.allowance.graphic_items)
    if size == 0:
        raise _too_severe(wanted)
    return wanted.model_copy(update={"size": size})


def _too_severe(wanted: Wanted) -> NotAllowed:
    assert wanted.allowance is not None
    return nothing_for(wanted.person, wanted.allowance.refusals([wanted.allowance.facing(1.0)]))


def read_places(work: Work, batch_id: str) -> Iterator[dict[str, Any]]:
    """The posts of a batch as rows, in their order; golden items look like any other."""
    statement = (
        sa.select(
            *(places.c.place, places.c.item, golden.c.text.label("golden_text")),
            *(items.c.text, items.c.posted_at, items.c.reach, items.c.matched),
            sa.func.coalesce(items.c.language, golden.c.language).label("language"),
        )
        .outerjoin(items, sa.and_(items.c.sweep_id == places.c.sweep_id, items.c.item == places.c.item))
        .outerjoin(golden, sa.and_(golden.c.id == places.c.item, places.c.purpose == Purpose.golden.value))
        .where(places.c.batch_id == batch_id)
        .order_by(places.c.place)
    )
    rows = [dict(row) for row in work.execute(statement).mappings()]
    real = [row for row in rows if row["golden_text"] is None]
    for row in rows:
        yield row if row["golden_text"] is None else _disguised(row, real)


def let_go(work: Work, batch_id: str) -> int:
    """Take every place without a word out of a batch, so that its item waits again; return what is left."""
    for row in work.execute(at_places(batch_id).where(is_empty())).all():
        _give_up(work, row)
    left = sa.select(sa.func.count()).select_from(places).where(places.c.batch_id == batch_id)
    return int(work.execute(left).scalar_one())


def leave_out_what_was_read(work: Work, batch_id: str, person: str) -> int:
    """Take the blind places out of a batch whose items this person has judged elsewhere; return how many.

    Of a batch that somebody else began, that is: a second look by the same eyes is none.
    """
    begun = sa.exists().where(exposures.c.batch_id == batch_id, exposures.c.person != person)
    here = sa.and_(places.c.batch_id == batch_id, begun)
    known = sa.or_(
        _exists(decisions, decisions.c.person == person, decisions.c.batch_id != batch_id),
        _exists(readings, readings.c.person == person, readings.c.batch_id != batch_id),
        certify.was_read_by(places.c, person, elsewhere_than=batch_id),
    )
    blind = places.c.purpose.not_in([purpose.value for purpose in DECIDES])
    rows = work.execute(sa.select(places).where(here, blind, known)).all()
    for row in rows:
        _give_up(work, row)
    if rows:
        size = sa.update(batches).where(batches.c.id == batch_id).values(size=batches.c.size - len(rows))
        work.execute(size)
    return len(rows)


def skip(work: Work, batch_id: str, item: str, *, person: str, reason: str, now: datetime) -> bool:
    """Take an item out of a batch for somebody else to read; False where the batch has no such place."""
    row = work.execute(sa.select(places).where(places.c.batch_id == batch_id, places.c.item == item)).first()
    if row is None:
        return False
    _give_up(work, row)
    size = sa.update(batches).where(batches.c.id == batch_id).values(size=batches.c.size - 1)
    work.execute(size)
    told = {"sweep_id": row.sweep_id, "item": item, "person": person, "reason": reason, "at": now}
    work.insert_once(skips, told)
    return True


def _languages(work: Work, sweep: str, wanted: Wanted) -> list[str]:
    """The languages to look into, first the one that has most to say now; see also `TURN`."""
    of_windows = work.execute(sa.select(windows.c.languages).where(windows.c.sweep_id == sweep)).scalars()
    known = {language for counted in of_windows.all() for language in counted or {}}
    if wanted.languages is not None:
        known &= set(wanted.languages)
    top = {language: _top(work, sweep, wanted.team, language) for language in sorted(known)}
    made = _made(work, sweep, wanted.team)
    if sum(batches for batches, _ in made.values()) % TURN == TURN - 1:
        # Also where nothing waits but looks and the sample: a certificate waits for its slowest language.
        return sorted(top, key=lambda language: made.get(language, (0, 0))[1])
    return sorted(top, key=lambda language: top[language] or -1.0, reverse=True)


def _top(work: Work, sweep: str, team: str, language: str) -> float | None:
    """The highest priority that waits in a language; None where nothing does."""
    statement = _waiting(sweep, team, language).with_only_columns(items.c.priority)
    return work.execute(statement.order_by(items.c.priority.desc()).limit(1)).scalar()


def _made(work: Work, sweep: str, team: str) -> dict[str, tuple[int, int]]:
    """Language → batches made so far for the team, and the items in them."""
    statement = (
        sa.select(batches.c.language, sa.func.count(), sa.func.sum(batches.c.size))
        .where(batches.c.sweep_id == sweep, batches.c.team == team)
        .group_by(batches.c.language)
    )
    return {language: (number, size) for language, number, size in work.execute(statement)}


class Where(NamedTuple):
    """Where in a sweep a batch is looked for."""

    language: str
    form: str | None
    """Of a stratum in the language that moved forward."""
    steer_until: int
    """Posts up to this key are due for the sample that steers."""


_Picks = list[tuple[str, Purpose]]


def _picks(work: Work, sweep: str, wanted: Wanted, where: Where) -> _Picks:
    """Which items a batch of the language would hold, and why."""
    waiting = _waiting_by_purpose(work, sweep, wanted, where)
    if wanted.looks_only:
        waiting = {purpose: ids if purpose in LOOKS else [] for purpose, ids in waiting.items()}
    given = shares(wanted.size, {purpose: len(ids) for purpose, ids in waiting.items()})
    chosen: dict[str, Purpose] = {}
    for purpose, places_given in given.items():
        fresh = [item for item in waiting[purpose] if item not in chosen]
        chosen |= dict.fromkeys(fresh[:places_given], purpose)
    # What two purposes both asked for leaves room: the ranking fills it.
    spare = [item for item in waiting[Purpose.rank] if item not in chosen]
    chosen |= dict.fromkeys(spare[: wanted.size - len(chosen)], Purpose.rank)
    return list(chosen.items())


def _waiting_by_purpose(work: Work, sweep: str, wanted: Wanted, where: Where) -> dict[Purpose, list[str]]:
    sources: dict[Purpose, Callable[..., list[str]]] = {
        Purpose.adjudicate: _looks,
        Purpose.check: _looks,
        Purpose.second: _looks,
        Purpose.steer: _steer,
        Purpose.forward: _forward,
        Purpose.rank: _ranked,
    }
    found = {purpose: source(work, sweep, wanted, where, purpose) for purpose, source in sources.items()}
    found[Purpose.certify] = certify.waiting_for(
        work, sweep, team=wanted.team, language=where.language, person=wanted.person, most=wanted.size
    )
    return found


def _waiting(sweep: str, team: str, language: str) -> sa.Select[Any]:
    return sa.select(items.c.item).where(
        items.c.sweep_id == sweep,
        items.c.team == team,
        items.c.language == language,
        items.c.state == "waiting",
    )


def _open_to(person: str) -> sa.ColumnElement[bool]:
    """Items that the person neither skipped, nor knows from a blind reading of the same post."""
    return sa.and_(~_skipped(person), ~certify.was_read_by(items.c, person))


def _skipped(person: str) -> sa.ColumnElement[bool]:
    return _exists(skips, skips.c.person == person, of=items.c)


def _ids(work: Work, statement: sa.Select[Any], most: int) -> list[str]:
    locked = statement.limit(most).with_for_update(of=items, skip_locked=True)
    return list(work.execute(locked).scalars())


def _ranked(work: Work, sweep: str, wanted: Wanted, where: Where, _purpose: Purpose) -> list[str]:
    """The likeliest first.

    Where only such are left as the person has read for the certificate, they are handed out all the same:
    else a language with two readers would come to a standstill.
    """
    queue = _waiting(sweep, wanted.team, where.language).order_by(items.c.priority.desc(), items.c.item)
    fresh = _ids(work, queue.where(_open_to(wanted.person)), 2 * wanted.size)
    return fresh or _ids(work, queue.where(~_skipped(wanted.person)), 2 * wanted.size)


def _forward(work: Work, sweep: str, wanted: Wanted, where: Where, _purpose: Purpose) -> list[str]:
    """The likeliest of a form that the ranking does not reach."""
    if where.form is None:
        return []
    queue = _waiting(sweep, wanted.team, where.language).where(items.c.form == where.form)
    ranked = queue.where(_open_to(wanted.person)).order_by(items.c.priority.desc(), items.c.item)
    return _ids(work, ranked, wanted.size)


def _steer(work: Work, sweep: str, wanted: Wanted, where: Where, _purpose: Purpose) -> list[str]:
    """What is due of the sample that steers. Its random order keeps every language and cluster in reach."""
    queue = _waiting(sweep, wanted.team, where.language).where(items.c.steer_key <= where.steer_until)
    drawn = queue.where(_open_to(wanted.person)).order_by(items.c.steer_key, items.c.item)
    return _ids(work, drawn, wanted.size)


def _looks(work: Work, sweep: str, wanted: Wanted, where: Where, purpose: Purpose) -> list[str]:
    """Items that wait for a further look by somebody who has not judged them yet.

    Who read one for the certificate looks at it only where nobody else is left to ask.
    """
    known = sa.or_(
        _exists(decisions, decisions.c.person == wanted.person, of=items.c),
        _exists(readings, readings.c.person == wanted.person, of=items.c),
    )
    queue = (
        sa.select(items.c.item)
        .where(items.c.sweep_id == sweep, items.c.team == wanted.team, items.c.look == purpose.value)
        .where(items.c.language == where.language, ~known)
        .order_by(items.c.priority.desc(), items.c.item)
    )
    fresh = _ids(work, queue.where(_open_to(wanted.person)), wanted.size)
    return fresh or _ids(work, queue.where(~_skipped(wanted.person)), wanted.size)


def _spaced(work: Work, sweep: str, wanted: Wanted, language: str, picks: _Picks) -> _Picks:
    """What of the picks the person may be shown now, with calmer items of the queue between severe ones."""
    if wanted.allowance is None or not picks:
        return picks
    queue = _waiting(sweep, wanted.team, language).where(_open_to(wanted.person))
    calm = queue.where(items.c.score < SEVERE_FROM, items.c.item.not_in([item for item, _ in picks]))
    further = _ids(work, calm.order_by(items.c.priority.desc(), items.c.item), wanted.size)
    between = [] if wanted.looks_only else [(item, Purpose.rank) for item in further]
    return _arranged(work, sweep, wanted.allowance, [*picks, *between])[: wanted.size]


def _arranged(work: Work, sweep: str, allowance: Allowance, picks: _Picks) -> _Picks:
    """The picks in an order that keeps to the rows of severe items, without those that find no place in it."""
    ids = [item for item, _ in picks]
    scores = sa.select(items.c.item, items.c.score).where(items.c.sweep_id == sweep, items.c.item.in_(ids))
    settled = sa.select(golden.c.id, golden.c.verdict).where(golden.c.id.in_(ids))
    likely = {item: score or 0.0 for item, score in work.execute(scores)}
    likely |= {item: float(verdict == Verdict.violates.value) for item, verdict in work.execute(settled)}
    order = allowance.arrange([allowance.facing(likely[item]) for item in ids])
    return [picks[place] for place in order]


def _open(work: Work, sweep: str, wanted: Wanted, language: str, picks: _Picks) -> str:
    """Write the batch down, its places in an order that tells nothing, golden items among them."""
    number = work.next_number(f"batch:{sweep}")
    batch = f"{sweep}-B{number}"
    hidden = golden_for(work, sweep, batch, language, wanted.person, size=len(picks))[: wanted.size - 1]
    mixed = [*picks[: wanted.size - len(hidden)], *((item, Purpose.golden) for item in hidden)]
    mixed.sort(key=lambda pick: _lot(batch, pick[0]))
    if wanted.allowance is not None:
        mixed = _arranged(work, sweep, wanted.allowance, mixed)
    incident = sa.select(sweeps.c.incident_id).where(sweeps.c.id == sweep).scalar_subquery()
    row = {"id": batch, "sweep_id": sweep, "incident_id": incident, "number": number, "team": wanted.team}
    row |= {"language": language, "size": len(mixed), "state": "open", "graphic": wanted.graphic}
    work.execute(batches.insert().values(**row))
    rows = [
        {"batch_id": batch, "place": place, "sweep_id": sweep, "item": item, "purpose": purpose.value}
        for place, (item, purpose) in enumerate(mixed, start=1)
    ]
    work.execute(places.insert(), rows)
    _take_out(work, sweep, mixed)
    return batch


def _lot(batch: str, item: str) -> bytes:
    return sha256(f"{batch}:{item}".encode()).digest()


def _take_out(work: Work, sweep: str, picks: _Picks) -> None:
    """What is handed out waits no more: neither for its decision, nor for a further look."""
    read = [item for item, purpose in picks if purpose in DECIDES and purpose is not Purpose.adjudicate]
    looked = [item for item, purpose in picks if purpose in LOOKS]
    for ids, values in ((read, {"state": "taken"}), (looked, {"look": None})):
        if ids:
            chosen = sa.and_(items.c.sweep_id == sweep, items.c.item.in_(ids))
            work.execute(sa.update(items).where(chosen).values(**values))


def _give_up(work: Work, place: sa.Row[Any]) -> None:
    """Take one place away; its item waits again for what it was to be read for."""
    purpose = Purpose(place.purpose)
    work.execute(places.delete().where(places.c.batch_id == place.batch_id, places.c.place == place.place))
    item = sa.and_(items.c.sweep_id == place.sweep_id, items.c.item == place.item)
    if purpose in LOOKS:
        work.execute(sa.update(items).where(item).values(look=purpose.value))
    elif purpose in DECIDES:
        work.execute(sa.update(items).where(item).values(state="waiting"))


def _exists(
    table: sa.Table, *where: sa.ColumnElement[bool], of: certify.Columns = places.c
) -> sa.ColumnElement[bool]:
    """Whether there is a row of the table about the item of a place (or of `of`)."""
    return sa.exists().where(table.c.sweep_id == of.sweep_id, table.c.item == of.item, *where)


def _disguised(row: Mapping[str, Any], real: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A golden item with the time, reach and matches of a neighbour: without any it would give itself away."""
    told = dict(row) | {"text": row["golden_text"]}
    if real:
        neighbour = real[row["place"] % len(real)]
        told |= {name: neighbour[name] for name in ("posted_at", "reach", "matched")}
    return told | {"reach": told["reach"] or 0, "matched": told["matched"] or ()}
