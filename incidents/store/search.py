"""Find what was written about incidents, as far as the person who asks may read it.

Triggers mark an incident in the very transaction that changes what is found of it; `settle` makes its
passages anew before anybody searches. So no writer can forget the index, and none pays for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from incidents.people import Act, Person, authorise, is_allowed
from incidents.reviews.search import (
    EVERYTHING,
    Among,
    Cursor,
    Hit,
    Kind,
    Passage,
    Query,
    Term,
    cut,
    excerpt,
    sections,
    words_of,
)
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.schema import (
    action_items,
    factors,
    guidelines,
    incidents,
    passages,
    retrospectives,
    search_marks,
)

AT_ONCE: Final = 20
"""Incidents whose passages are made in one transaction: some tenths of a second, in which SQLite's other
writers wait."""

_LOCK: Final = 4_280_007
"""Advisory lock on PostgreSQL, so that two who search at once do not both write an incident's passages."""


def is_behind(work: Work) -> bool:
    """Whether something was written since the passages were made."""
    return work.execute(sa.select(search_marks.c.id).limit(1)).first() is not None


def settle(work: Work) -> int:
    """Make the passages of some marked incidents anew, and return of how many; 0: the index is current."""
    if work.is_postgresql:
        work.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    some = sa.select(search_marks.c.incident_id).distinct().order_by(search_marks.c.incident_id)
    marked = list(work.execute(some.limit(AT_ONCE)).scalars())
    if marked:
        # What is written from here on leaves a mark of its own, which stays for the next one who searches.
        work.execute(sa.delete(search_marks).where(search_marks.c.incident_id.in_(marked)))
        _index(work, marked)
    return len(marked)


def find_passages(
    work: Work,
    query: Query,
    *,
    by: Person,
    among: Among = EVERYTHING,
    most: int = 20,
    after: Cursor | None = None,
) -> list[Hit]:
    """What the query finds for this person: the newest incidents first, of each document its first passage.

    Given `after`, only what comes after that hit; what was written meanwhile may be told twice or left out.
    Staff find what is written about incidents that they may read; partners their own action items. What
    somebody may not read is not counted either.
    """
    authorise(by, Act.see_actions)
    here = [readable(by), *_within(among), _matches(work, query)]
    if not is_allowed(by, Act.see_incidents):
        here += [passages.c.kind == Kind.action.value, passages.c.owner.in_([by.id, by.team or by.id])]
    joined = passages.join(incidents, incidents.c.id == passages.c.incident_id)
    first = (
        sa.select(sa.func.min(passages.c.place).label("place"), passages.c.incident_id)
        .select_from(joined)
        .where(*here)
        .group_by(passages.c.incident_id, passages.c.kind, passages.c.key)
        .subquery()
    )
    statement = (
        sa.select(passages, incidents.c.title)
        .select_from(joined)
        .join(first, (first.c.incident_id == passages.c.incident_id) & (first.c.place == passages.c.place))
        .order_by(incidents.c.number.desc(), passages.c.place)
        .limit(most)
    )
    if after is not None:
        same = (incidents.c.number == after.number) & (passages.c.place > after.place)
        statement = statement.where((incidents.c.number < after.number) | same)
    return [_hit(row, query) for row in work.execute(statement.with_only_columns(*_TOLD))]


def _within(among: Among) -> list[sa.ColumnElement[bool]]:
    here: list[sa.ColumnElement[bool]] = [passages.c.kind.in_([kind.value for kind in among.kinds])]
    if among.incident is not None:
        here.append(passages.c.incident_id == among.incident)
    if among.since is not None:
        here.append(passages.c.at >= among.since)
    if among.until is not None:
        here.append(passages.c.at < among.until)
    if not among.drills:
        here.append(incidents.c.drill == "")
    return here


_TOLD: Final = (
    *(passages.c.incident_id, incidents.c.title, passages.c.kind, passages.c.key, passages.c.part),
    *(passages.c.text, passages.c.at, passages.c.place),
)


def _hit(row: sa.Row[Any], query: Query) -> Hit:
    return Hit(
        incident=row.incident_id,
        title=row.title,
        kind=Kind(row.kind),
        key=row.key,
        part=row.part,
        excerpt=excerpt(row.text, query),
        at=row.at,
        place=row.place,
    )


def _matches(work: Work, query: Query) -> sa.ColumnElement[bool]:
    """The condition in the words of the database. The words hold letters and digits alone."""
    if work.is_postgresql:
        sought = " & ".join(f"({_on_postgresql(term)})" for term in query.terms)
        return passages.c.words.op("@@", is_comparison=True)(sa.cast(sa.literal(sought, sa.Text), TSQUERY))
    sought = " AND ".join(f'"{" ".join(term.words)}"{" *" if term.is_open else ""}' for term in query.terms)
    index = sa.table("passages_words", sa.column("rowid", sa.Integer))
    found = sa.select(index.c.rowid).where(sa.column("passages_words").op("MATCH")(sought))
    return passages.c.id.in_(found.select_from(index))


def _on_postgresql(term: Term) -> str:
    *before, last = [f"'{word}'" for word in term.words]
    return " <-> ".join([*before, f"{last}:*" if term.is_open else last])


def _index(work: Work, ids: Sequence[str]) -> None:
    work.execute(sa.delete(passages).where(passages.c.incident_id.in_(ids)))
    rows = [
        {
            "incident_id": incident,
            "place": place,
            "kind": passage.kind.value,
            "key": passage.key,
            "part": passage.part,
            "text": passage.text,
            "words": words_of(passage.text),
            "at": passage.at,
            "owner": passage.owner,
        }
        for incident, found in _passages(work, ids).items()
        for place, passage in enumerate(found, start=1)
    ]
    if rows:
        work.execute(passages.insert(), rows)


def _passages(work: Work, ids: Sequence[str]) -> dict[str, list[Passage]]:
    """Incident → all its passages, in the order in which they are told."""
    found: dict[str, list[Passage]] = defaultdict(list)
    for read in (_of_incidents, _of_retrospectives, _of_guidelines, _of_factors, _of_actions):
        for incident, passage in read(work, ids):
            found[incident].append(passage)
    return found


def _of_incidents(work: Work, ids: Sequence[str]) -> Iterator[tuple[str, Passage]]:
    for row in work.execute(sa.select(incidents).where(incidents.c.id.in_(ids))):
        for part, text in (("title", row.title), ("policy", row.policy or "")):
            for passage in cut(text):
                yield row.id, Passage(Kind.incident, part, "", passage, row.opened_at)


def _of_retrospectives(work: Work, ids: Sequence[str]) -> Iterator[tuple[str, Passage]]:
    """Of the newest version of each alone."""
    newest = (
        sa.select(retrospectives.c.incident_id, sa.func.max(retrospectives.c.version).label("version"))
        .where(retrospectives.c.incident_id.in_(ids))
        .group_by(retrospectives.c.incident_id)
        .subquery()
    )
    same = (newest.c.incident_id == retrospectives.c.incident_id) & (
        newest.c.version == retrospectives.c.version
    )
    for row in work.execute(sa.select(retrospectives).join(newest, same)):
        for section, passage in sections(row.markdown):
            told = Passage(Kind.retrospective, str(row.version), section, passage, row.written_at)
            yield row.incident_id, told


def _of_guidelines(work: Work, ids: Sequence[str]) -> Iterator[tuple[str, Passage]]:
    """Their titles: a body may quote what it forbids."""
    named = [guidelines.c.incident_id, guidelines.c.version, guidelines.c.title]
    statement = (
        sa.select(
            *named, sa.func.min(guidelines.c.published_at, type_=guidelines.c.published_at.type).label("at")
        )
        .where(guidelines.c.incident_id.in_(ids))
        .group_by(*named)
        .order_by(guidelines.c.version, guidelines.c.title)
    )
    for row in work.execute(statement):
        for passage in cut(row.title):
            yield row.incident_id, Passage(Kind.guideline, str(row.version), "", passage, row.at)


def _of_factors(work: Work, ids: Sequence[str]) -> Iterator[tuple[str, Passage]]:
    """A hypothesis carries no time of its own: it is told with that of its incident."""
    statement = (
        sa.select(factors, incidents.c.opened_at.label("at"))
        .join(incidents, incidents.c.id == factors.c.incident_id)
        .where(factors.c.incident_id.in_(ids))
    )
    for row in work.execute(statement.order_by(factors.c.number)):
        for passage in cut(f"{row.sentence} {row.reason or ''}"):
            yield row.incident_id, Passage(Kind.factor, str(row.number), "", passage, row.at)


def _of_actions(work: Work, ids: Sequence[str]) -> Iterator[tuple[str, Passage]]:
    statement = sa.select(action_items).where(action_items.c.incident_id.in_(ids))
    for row in work.execute(statement.order_by(action_items.c.number)):
        for passage in cut(f"{row.title} {row.success} {row.note or ''}"):
            yield row.incident_id, Passage(Kind.action, row.id, "", passage, row.filed_at, row.owner)
