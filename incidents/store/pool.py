"""What waits to be read in a sweep, and the batches that are made of it.

A batch is of one language, so that one guideline holds for it. Which of its places serve which purpose, see
`Purpose`; the reviewer gets them in one row, in an order that tells nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed
from incidents.store import certify
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
    windows,
)
from incidents.store.steering import load_steering
from incidents.store.sweeps import lock_sweep
from incidents.sweeps.batches import DECIDES, Purpose, shares
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
    tops = _tops(work, sweep, wanted)
    languages = _in_turn(tops, _made(work, sweep, wanted.team))
    source = steering.next_source([stratum for stratum in steering.lanes if stratum[0] in tops])
    ahead, form_ahead = source.stratum or (None, None)
    waits = False
    for language in sorted(languages, key=lambda language: language != ahead):
        form = form_ahead if language == ahead else None
        unread = tops[language] is not None and not wanted.looks_only
        where = Where(language, form, steering.until, unread)
        picks = _picks(work, sweep, wanted, where)
        shown = _spaced(work, sweep, wanted, where, picks)
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
    rows = work.execute(_KNOWN, {"batch": batch_id, "person": person}).all()
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


def _tops(work: Work, sweep: str, wanted: Wanted) -> dict[str, float | None]:
    """Language of the person → the highest priority that waits in it; None where nothing does."""
    of_windows = work.execute(_LANGUAGES, {"sweep": sweep}).scalars()
    known = {language for counted in of_windows.all() for language in counted or {}}
    if wanted.languages is not None:
        known &= set(wanted.languages)
    asked = {"sweep": sweep, "team": wanted.team}
    return {language: work.execute(_TOP, asked | {"language": language}).scalar() for language in sorted(known)}


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


class Where(NamedTuple):
    """Where in a sweep a batch is looked for."""

    language: str
    form: str | None
    """Of a stratum in the language that moved forward."""
    steer_until: int
    """Posts up to this key are due for the sample that steers."""
    unread: bool
    """Whether posts wait in it that nobody has read, and may be handed out."""


_Asked = Mapping[str, Any]
_Picks = list[tuple[str, Purpose]]


def _picks(work: Work, sweep: str, wanted: Wanted, where: Where) -> _Picks:
    """Which items a batch of the language would hold, and why."""
    waiting = _waiting_by_purpose(work, sweep, wanted, where)
    given = shares(wanted.size, {purpose: len(ids) for purpose, ids in waiting.items()})
    chosen: dict[str, Purpose] = {}
    for purpose, places_given in given.items():
        fresh = [item for item in waiting[purpose] if item not in chosen]
        chosen |= dict.fromkeys(fresh[:places_given], purpose)
    # What two purposes both asked for leaves room: the ranking fills it.
    spare = [item for item in waiting.get(Purpose.rank, ()) if item not in chosen]
    chosen |= dict.fromkeys(spare[: wanted.size - len(chosen)], Purpose.rank)
    return list(chosen.items())


def _waiting_by_purpose(work: Work, sweep: str, wanted: Wanted, where: Where) -> dict[Purpose, list[str]]:
    """Purpose → what waits for it, in its order; only what there is."""
    asked: _Asked = {"sweep": sweep, "team": wanted.team, "language": where.language}
    mine = {**asked, "person": wanted.person, "most": wanted.size}
    found = {purpose: _look(work, mine, purpose) for purpose in _looks_waiting(work, asked)}
    if wanted.looks_only:
        return found
    found[Purpose.certify] = certify.waiting_for(work, mine)
    if where.unread:
        found[Purpose.steer] = _ids(work, _STEER, mine | {"until": where.steer_until})
        if where.form is not None:
            found[Purpose.forward] = _ids(work, _FORWARD, mine | {"form": where.form})
        found[Purpose.rank] = _ranked(work, mine)
    return found


def _ids(work: Work, statement: sa.Select[tuple[str]], asked: _Asked) -> list[str]:
    return list(work.execute(statement, asked).scalars())


def _ranked(work: Work, asked: _Asked) -> list[str]:
    """The likeliest first; twice as many as there are places, for some are taken for another purpose.

    Where only such are left as the person has read for the certificate, they are handed out all the same:
    else a language with two readers would come to a standstill.
    """
    twice = {**asked, "most": 2 * asked["most"]}
    return _ids(work, _RANKED, twice) or _ids(work, _RANKED_ALSO_READ, twice)


def _looks_waiting(work: Work, asked: _Asked) -> list[Purpose]:
    row = work.execute(_LOOKS_WAITING, asked).one()
    return [Purpose(name) for name, waits in row._mapping.items() if waits]


def _look(work: Work, asked: _Asked, purpose: Purpose) -> list[str]:
    """Items that wait for a further look by somebody who has not judged them yet.

    Who read one for the certificate looks at it only where nobody else is left to ask.
    """
    rows = work.execute(_LOOK, {**asked, "look": purpose.value}).all()
    return [row.item for row in rows if not row.read] or [row.item for row in rows]


def _exists(
    table: sa.Table, *where: sa.ColumnElement[bool], of: certify.Columns = places.c
) -> sa.ColumnElement[bool]:
    """Whether there is a row of the table about the item of a place (or of `of`)."""
    return sa.exists().where(table.c.sweep_id == of.sweep_id, table.c.item == of.item, *where)


# What is asked at every claim is put together once: that takes longer than asking the database.
def _text(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.String())


def _first(statement: sa.Select[Any], *order: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """The first `most` rows. They need no lock of their own: the sweep is locked, see `lock_sweep`."""
    return statement.order_by(*order, items.c.item).limit(sa.bindparam("most", type_=sa.Integer()))


_PERSON: Final = _text("person")
_IN_LANGUAGE: Final = sa.and_(
    items.c.sweep_id == _text("sweep"), items.c.team == _text("team"), items.c.language == _text("language")
)
_BATCH: Final = _text("batch")
_BEGUN: Final = sa.exists().where(exposures.c.batch_id == _BATCH, exposures.c.person != _PERSON)
_KNOWN: Final = (
    sa.select(places)
    .where(places.c.batch_id == _BATCH, _BEGUN)
    .where(places.c.purpose.not_in([purpose.value for purpose in DECIDES]))
    .where(
        sa.or_(
            _exists(decisions, decisions.c.person == _PERSON, decisions.c.batch_id != _BATCH),
            _exists(readings, readings.c.person == _PERSON, readings.c.batch_id != _BATCH),
            certify.was_read_by(places.c, _PERSON, elsewhere_than=_BATCH),
        )
    )
)
"""Blind places of a batch that somebody else began, of what the person judged in another one."""

_CHOSEN: Final = sa.and_(
    items.c.sweep_id == _text("sweep"), items.c.item.in_(sa.bindparam("ids", expanding=True))
)
_TAKE: Final = sa.update(items).where(_CHOSEN).values(state="taken")
_LOOKED_AT: Final = sa.update(items).where(_CHOSEN).values(look=None)
_LANGUAGES: Final = sa.select(windows.c.languages).where(windows.c.sweep_id == _text("sweep"))
_MADE: Final = (
    sa.select(batches.c.language, sa.func.count(), sa.func.sum(batches.c.size))
    .where(batches.c.sweep_id == _text("sweep"), batches.c.team == _text("team"))
    .group_by(batches.c.language)
)
_LIKELIEST: Final = items.c.priority.desc()
_WAITING: Final = sa.select(items.c.item).where(_IN_LANGUAGE, items.c.state == "waiting")
_TOP: Final = _WAITING.with_only_columns(items.c.priority).order_by(_LIKELIEST).limit(1)
_READ: Final = certify.was_read_by(items.c, _PERSON)
_NOT_SKIPPED: Final = ~_exists(skips, skips.c.person == _PERSON, of=items.c)
_FRESH: Final = _WAITING.where(_NOT_SKIPPED, ~_READ)
_RANKED: Final = _first(_FRESH, _LIKELIEST)
_RANKED_ALSO_READ: Final = _first(_WAITING.where(_NOT_SKIPPED), _LIKELIEST)
_CALM: Final = _first(_FRESH.where(items.c.score < SEVERE_FROM), _LIKELIEST)
_FORWARD: Final = _first(_FRESH.where(items.c.form == _text("form")), _LIKELIEST)
# In the random order of the sample that steers, which keeps every language and cluster in reach.
_STEER: Final = _first(
    _FRESH.where(items.c.steer_key <= sa.bindparam("until", type_=sa.BigInteger())), items.c.steer_key
)
_LOOKS_WAITING: Final = sa.select(
    *(sa.exists().where(_IN_LANGUAGE, items.c.look == look.value).label(look.value) for look in sorted(LOOKS))
)
_LOOK: Final = _first(
    sa.select(items.c.item, _READ.label("read")).where(
        _IN_LANGUAGE,
        items.c.look == _text("look"),
        ~_exists(decisions, decisions.c.person == _PERSON, of=items.c),
        ~_exists(readings, readings.c.person == _PERSON, of=items.c),
        _NOT_SKIPPED,
    ),
    sa.literal_column("read"),
    _LIKELIEST,
)


def _spaced(work: Work, sweep: str, wanted: Wanted, where: Where, picks: _Picks) -> _Picks:
    """What of the picks the person may be shown now, with calmer items of the queue between severe ones."""
    if wanted.allowance is None:
        return picks
    between = _calm(work, sweep, wanted, where) if picks and where.unread else []
    known = dict(picks)
    calm = [(item, Purpose.rank) for item in between if item not in known]
    return _arranged(work, sweep, wanted.allowance, [*picks, *calm])[: wanted.size]


def _calm(work: Work, sweep: str, wanted: Wanted, where: Where) -> list[str]:
    """The likeliest of what is no severe item; enough of them even if half are picked already."""
    asked = {"sweep": sweep, "team": wanted.team, "language": where.language, "person": wanted.person}
    return _ids(work, _CALM, {**asked, "most": 2 * wanted.size})


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
    """A golden item with the time, reach and matches of a neighbour: without any it would give itself away."""
    told = dict(row) | {"text": row["golden_text"]}
    if real:
        neighbour = real[row["place"] % len(real)]
        told |= {name: neighbour[name] for name in ("posted_at", "reach", "matched")}
    return told | {"reach": told["reach"] or 0, "matched": told["matched"] or ()}
