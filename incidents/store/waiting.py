"""What waits to be read in a language of a sweep, by the purpose for which it is read.

The statements are put together once, as they are asked at every claim: that takes longer than asking the
database. They lock no rows: whoever makes a batch has locked the sweep.
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from incidents.store import certify
from incidents.store.engine import Work
from incidents.store.schema import decisions, items, readings, skips, windows
from incidents.sweeps.batches import Purpose
from incidents.sweeps.exposure import SEVERE_FROM

LOOKS: Final = frozenset({Purpose.adjudicate, Purpose.check, Purpose.second})
"""Purposes for which an item waits by its column `look`."""


class Asked(NamedTuple):
    """For whom something is looked for, in which language, and how many items at most."""

    sweep: str
    team: str
    person: str
    language: str
    most: int


def tops(work: Work, sweep: str, team: str, languages: Collection[str] | None) -> dict[str, float | None]:
    """Language → the highest priority that waits in it for the team; None where nothing does.

    Of the languages of the sweep those that are named; None: all.
    """
    of_windows = work.execute(_LANGUAGES, {"sweep": sweep}).scalars()
    known = {language for counted in of_windows.all() for language in counted or {}}
    if languages is not None:
        known &= set(languages)
    asked = {"sweep": sweep, "team": team}
    return {language: work.execute(_TOP, asked | {"language": language}).scalar() for language in sorted(known)}


def further_looks(work: Work, asked: Asked) -> dict[Purpose, list[str]]:
    """Purpose → items that wait for a further look by somebody who has not judged them yet."""
    waiting = work.execute(_LOOKS_WAITING, asked._asdict()).one()._mapping
    return {Purpose(look): _look(work, asked, look) for look, waits in waiting.items() if waits}


def unread(work: Work, asked: Asked, *, until: int, form: str | None) -> dict[Purpose, list[str]]:
    """Purpose → items that nobody has read, each in its order.

    `until`: posts up to this key are due for the sample that steers, in whose random order every language and
    cluster is in reach. `form`: of a stratum that moved forward.
    """
    found = {Purpose.steer: _ids(work, _STEER, asked, until=until)}
    if form is not None:
        found[Purpose.forward] = _ids(work, _FORWARD, asked, form=form)
    return found | {Purpose.rank: _ranked(work, asked)}


def calmer(work: Work, asked: Asked) -> list[str]:
    """The likeliest of what nobody has read and is not taken to be severe."""
    return _ids(work, _CALMER, asked)


def _ids(work: Work, statement: sa.Select[tuple[str]], asked: Asked, **more: str | int) -> list[str]:
    return list(work.execute(statement, {**asked._asdict(), **more}).scalars())


def _ranked(work: Work, asked: Asked) -> list[str]:
    """The likeliest first; twice as many as there are places, for some are taken for another purpose.

    Where only such are left as the person has read for the certificate, they are handed out all the same:
    else a language with two readers would come to a standstill.
    """
    twice = asked._replace(most=2 * asked.most)
    return _ids(work, _RANKED, twice) or _ids(work, _RANKED_ALSO_READ, twice)


def _look(work: Work, asked: Asked, look: str) -> list[str]:
    """Who read one for the certificate looks at it only where nobody else is left to ask."""
    rows = work.execute(_LOOK, {**asked._asdict(), "look": look}).all()
    return [row.item for row in rows if not row.read] or [row.item for row in rows]


def _exists(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether there is a row of the table about the item."""
    return sa.exists().where(table.c.sweep_id == items.c.sweep_id, table.c.item == items.c.item, *where)


def _text(name: str) -> sa.BindParameter[str]:
    return sa.bindparam(name, type_=sa.String())


def _first(statement: sa.Select[Any], *order: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return statement.order_by(*order, items.c.item).limit(sa.bindparam("most", type_=sa.Integer()))


_PERSON: Final = _text("person")
_IN_LANGUAGE: Final = sa.and_(
    items.c.sweep_id == _text("sweep"), items.c.team == _text("team"), items.c.language == _text("language")
)
_LANGUAGES: Final = sa.select(windows.c.languages).where(windows.c.sweep_id == _text("sweep"))
_LIKELIEST: Final = items.c.priority.desc()
_WAITING: Final = sa.select(items.c.item).where(_IN_LANGUAGE, items.c.state == "waiting")
_TOP: Final = _WAITING.with_only_columns(items.c.priority).order_by(_LIKELIEST).limit(1)
_READ: Final = certify.was_read_by(items.c, _PERSON)
_NOT_SKIPPED: Final = ~_exists(skips, skips.c.person == _PERSON)
_FRESH: Final = _WAITING.where(_NOT_SKIPPED, ~_READ)
_RANKED: Final = _first(_FRESH, _LIKELIEST)
_RANKED_ALSO_READ: Final = _first(_WAITING.where(_NOT_SKIPPED), _LIKELIEST)
_CALMER: Final = _first(_FRESH.where(items.c.score < SEVERE_FROM), _LIKELIEST)
_FORWARD: Final = _first(_FRESH.where(items.c.form == _text("form")), _LIKELIEST)
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
        ~_exists(decisions, decisions.c.person == _PERSON),
        ~_exists(readings, readings.c.person == _PERSON),
        _NOT_SKIPPED,
    ),
    sa.literal_column("read"),
    _LIKELIEST,
)
