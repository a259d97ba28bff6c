"""The library of retrospectives: how the review of each incident stands, the newest incident first."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.incident.incident import Incident
from incidents.people import Act, Person, authorise
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.reviews import Review
from incidents.store.schema import incidents, retrospectives, reviews


class ReviewState(StrEnum):
    """How far a review came."""

    drafting = "drafting"
    signing = "signing"
    signed = "signed"
    published = "published"


class Wanted(BaseModel):
    """Which reviews somebody looks for; what is None is not looked at."""

    model_config = ConfigDict(frozen=True)

    state: ReviewState | None = None
    severity: str | None = None
    policy: str | None = None
    late_at: datetime | None = None
    """Those that are due by then and not published."""
    drills: bool = False
    """Drills, and nothing else; else everything but drills."""


class Shelved(BaseModel):
    """The review of one incident."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    review: Review
    newest: int | None
    """The newest version; None before the first is written."""

    def is_late(self, now: datetime) -> bool:
        """Whether it is due and not published."""
        return self.review.published_at is None and self.review.due_at <= now


def shelf(
    work: Work, person: Person, wanted: Wanted, *, before: int | None = None, most: int = 50
) -> list[Shelved]:
    """The reviews that the person may read, of incidents with a smaller number than `before`."""
    authorise(person, Act.see_incidents)
    statement = (
        sa.select(incidents, _newest().label("newest"), *_of_review())
        .join(reviews, reviews.c.incident_id == incidents.c.id)
        .where(readable(person), *_conditions(wanted))
        .order_by(incidents.c.number.desc())
        .limit(most)
    )
    if before is not None:
        statement = statement.where(incidents.c.number < before)
    return [_shelved(row) for row in work.execute(statement)]


_PREFIX = "review_"


def _of_review() -> list[sa.Label[Any]]:
    """Its columns, under names that those of the incident do not have."""
    return [column.label(f"{_PREFIX}{column.name}") for column in reviews.c]


def _newest() -> sa.ScalarSelect[int]:
    newest = sa.select(sa.func.max(retrospectives.c.version))
    return newest.where(retrospectives.c.incident_id == incidents.c.id).scalar_subquery()


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found = [incidents.c.drill != "" if wanted.drills else incidents.c.drill == ""]
    if wanted.state is not None:
        found.append(reviews.c.state == wanted.state.value)
    if wanted.severity is not None:
        found.append(incidents.c.severity == wanted.severity)
    if wanted.policy is not None:
        found.append(incidents.c.policy == wanted.policy)
    if wanted.late_at is not None:
        found += [reviews.c.due_at <= wanted.late_at, reviews.c.published_at.is_(None)]
    return found


def _shelved(row: sa.Row[Any]) -> Shelved:
    review = {
        name.removeprefix(_PREFIX): row._mapping[name] for name in row._fields if name.startswith(_PREFIX)
    }
    return Shelved(
        incident=Incident.model_validate(row), review=Review.model_validate(review), newest=row.newest
    )
