"""What waits to be read in a sweep, and the batches that are made of it.

A batch is of one language, so that one guideline holds for it. Which of its places serve which purpose, see
`Purpose`; the reviewer gets them in one row, in an order that tells nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed
from incidents.store import certify, waiting
from incidents.store.engine import Work
from incidents.store.exposure import likelihoods, nothing_for
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
)
from incidents.store.steering import load_steering
from incidents.store.sweeps import lock_sweep
from incidents.store.waiting import LOOKS, Asked
from incidents.sweeps.batches import DECIDES, Purpose, shares
from incidents.sweeps.exposure import Allowance

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
    tops = waiting.tops(work, sweep, wanted.team, wanted.languages)
    languages = _in_turn(tops, _made(work, sweep, wanted.team))
    source = steering.next_source([stratum for stratum in steering.lanes if stratum[0] in tops])
    ahead, form_ahead = source.stratum or (None, None)
    waits = False
    for language in sorted(languages, key=lambda language: language != ahead):
        asked = Asked(sweep, wanted.team, wanted.person, language, wanted.size)
        found = waiting.further_looks(work, asked)
        if not wanted.looks_only:
            found[Purpose.certify] = certify.waiting_for(work, asked._asdict())
        if not wanted.looks_only and tops[language] is not None:
            form = form_ahead if language == ahead else None
            found |= waiting.unread(work, asked, until=steering.until, form=form)
        picks = _picks(found, wanted.size)
        shown = _spaced(work, wanted, asked, picks)
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
            *(items.c.text, items.c.posted_at, items.c.reach, items.c.matched, items.c.copies),
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


def stand_in(work: Work, batch_id: str, item: str) -> tuple[str | None, str | None]:
    """Which post a place is shown like, and the text of a golden item, which is shown like a neighbour.

    A real post is like itself, and has no such text. None where there is no neighbour to be like.
    """
    rows = list(read_places(work, batch_id))
    [asked] = [row for row in rows if row["item"] == item]
    if asked["golden_text"] is None:
        return item, None
    like = _like([row for row in rows if row["golden_text"] is None], asked["place"])
    return (like["item"] if like else None), asked["golden_text"]


def let_go(work: Work, batch_id: str) -> int:
    """Take every place without a word out of a batch, so that its item waits again; return what is left."""
    for row in work.execute(at_places(batch_id).where(is_empty())).all():
        _give_up(work, row)
    left = sa.select(sa.func.count()).select_from(places).where(places.c.batch_id == batch_id)
    return int(work.execute(left).scalar_one())


def leave_out_what_was_read(work: Work, batch_id: str, person: str, *, made_for: str) -> int:
    """Take the blind places out of a batch whose items this person has judged elsewhere; return how many.

    Of a batch that was made for somebody else, or that somebody else began: a second look by the same eyes is
    none.
    """
    asked = {"batch": batch_id, "person": person, "others": made_for != person}
    rows = work.execute(_KNOWN, asked).all()
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


def was_skipped(work: Work, sweep: str, item: str, person: str) -> bool:
    """Whether the person left an item of the sweep to somebody else."""
    return work.execute(_SKIPPED, {"sweep": sweep, "item": item, "person": person}).first() is not None


def _in_turn(tops: Mapping[str, float | None], made: Mapping[str, tuple[int, int]]) -> list[str]:
    """The languages to look into, first the one that has most to say now; see also `TURN`."""
    if sum(batches for batches, _ in made.values()) % TURN == TURN - 1:
        # Also where nothing waits but looks and the sample: a certificate waits for its slowest language.
        return sorted(tops, key=lambda language: made.get(language, (0, 0))[1])
    return sorted(tops, key=lambda language: tops[language] or -1.0, reverse=True)


def _made(work: Work, sweep: str, team: str) -> dict[str, tuple[int, int]]:
    """Language → batches made so far for the team, and the items in them."""
    rows = work.execute(_MADE, {"sweep": sweep, "team": team})
    return {language: (number, size) for language, number, size in rows}


_Picks = list[tuple[str, Purpose]]


def _picks(waiting_for: Mapping[Purpose, Sequence[str]], size: int) -> _Picks:
    """Which items a batch would hold, and why, of what waits for each purpose."""
    given = shares(size, {purpose: len(ids) for purpose, ids in waiting_for.items()})
    chosen: dict[str, Purpose] = {}
    for purpose, places_given in given.items():
        fresh = [item for item in waiting_for[purpose] if item not in chosen]
        chosen |= dict.fromkeys(fresh[:places_given], purpose)
    # What two purposes both asked for leaves room: the ranking fills it.
    spare = [item for item in waiting_for.get(Purpose.rank, ()) if item not in chosen]
    chosen |= dict.fromkeys(spare[: size - len(chosen)], Purpose.rank)
    return list(chosen.items())


def _spaced(work: Work, wanted: Wanted, asked: Asked, picks: _Picks) -> _Picks:
    """What of the picks the person may be shown now, with calmer items of the queue between severe ones."""
    if wanted.allowance is None or not picks:
        return picks
    known = dict(picks)
    # Twice as many as there are places: half of them may be picked already.
    between = [] if wanted.looks_only else waiting.calmer(work, asked._replace(most=2 * wanted.size))
    calm = [(item, Purpose.rank) for item in between if item not in known]
    return _arranged(work, asked.sweep, wanted.allowance, [*picks, *calm])[: wanted.size]


def _arranged(work: Work, sweep: str, allowance: Allowance, picks: _Picks) -> _Picks:
    """The picks in an order that keeps to the rows of severe items, without those that find no place in it."""
    likely = likelihoods(work, sweep, [item for item, _ in picks])
    order = allowance.arrange([allowance.facing(likely[item]) for item, _ in picks])
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
    for ids, statement in ((read, _TAKE), (looked, _LOOKED_AT)):
        if ids:
            work.execute(statement, {"sweep": sweep, "ids": ids})


def _give_up(work: Work, place: sa.Row[Any]) -> None:
    """Take one place away; its item waits again for what it was to be read for."""
    purpose = Purpose(place.purpose)
    work.execute(places.delete().where(places.c.batch_id == place.batch_id, places.c.place == place.place))
    item = sa.and_(items.c.sweep_id == place.sweep_id, items.c.item == place.item)
    if purpose in LOOKS:
        work.execute(sa.update(items).where(item).values(look=purpose.value))
    elif purpose in DECIDES:
        work.execute(sa.update(items).where(item).values(state="waiting"))


def _disguised(row: Mapping[str, Any], real: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A golden item with a neighbour's time, reach, matches and copies: without it would give itself away."""
    told = dict(row) | {"text": row["golden_text"]}
    if neighbour := _like(real, row["place"]):
        told |= {name: neighbour[name] for name in ("posted_at", "reach", "matched", "copies")}
    return told | {"reach": told["reach"] or 0, "matched": told["matched"] or (), "copies": told["copies"] or 1}


def _like(real: Sequence[Mapping[str, Any]], place: int) -> Mapping[str, Any] | None:
    return real[place % len(real)] if real else None


def _about(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is a row of the table about the item of a place."""
    return sa.exists().where(table.c.sweep_id == places.c.sweep_id, table.c.item == places.c.item, *where)


# What is asked at every claim is put together once: that takes longer than asking the database.
_BATCH: Final = sa.bindparam("batch", type_=sa.String())
_PERSON: Final = sa.bindparam("person", type_=sa.String())
_SWEEP: Final = sa.bindparam("sweep", type_=sa.String())
_BEGUN: Final = sa.or_(
    sa.bindparam("others", type_=sa.Boolean()),
    sa.exists().where(exposures.c.batch_id == _BATCH, exposures.c.person != _PERSON),
)
_KNOWN: Final = (
    sa.select(places)
    .where(places.c.batch_id == _BATCH, _BEGUN)
    .where(places.c.purpose.not_in([purpose.value for purpose in DECIDES]))
    .where(
        sa.or_(
            _about(decisions, decisions.c.person == _PERSON, decisions.c.batch_id != _BATCH),
            _about(readings, readings.c.person == _PERSON, readings.c.batch_id != _BATCH),
            certify.was_read_by(places.c, _PERSON, elsewhere_than=_BATCH),
        )
    )
)
"""Blind places of a batch that somebody else began, of what the person judged in another one."""

_SKIPPED: Final = sa.select(skips.c.item).where(
    skips.c.sweep_id == _SWEEP,
    skips.c.item == sa.bindparam("item", type_=sa.String()),
    skips.c.person == _PERSON,
)
_CHOSEN: Final = sa.and_(items.c.sweep_id == _SWEEP, items.c.item.in_(sa.bindparam("ids", expanding=True)))
_TAKE: Final = sa.update(items).where(_CHOSEN).values(state="taken")
_LOOKED_AT: Final = sa.update(items).where(_CHOSEN).values(look=None)
_MADE: Final = (
    sa.select(batches.c.language, sa.func.count(), sa.func.sum(batches.c.size))
    .where(batches.c.sweep_id == _SWEEP, batches.c.team == sa.bindparam("team", type_=sa.String()))
    .group_by(batches.c.language)
)
