"""Items whose right verdict is known: hidden in batches, to measure how well people and guidelines do."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed, NotFound, Refusal
from incidents.people import Act, Person, authorise
from incidents.store.engine import Work
from incidents.store.schema import golden, incidents, places, readings, sweeps
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.golden import Golden, hide

_DIGITS: Final = 10**18

KNOWN_FROM: Final = 20
"""From so many readings of violating golden items on, what they say of the readers is planned with."""


class GoldenItem(BaseModel):
    """A text of which it was settled whether it violates. `unsure` is no right answer."""

    model_config = ConfigDict(frozen=True)

    policy: str = Field(min_length=1)
    language: str = Field(min_length=2, description="BCP 47, lower case.")
    text: str = Field(min_length=1, repr=False)
    violates: bool
    clause: str | None = None

    def id(self, drill: str) -> str:
        """Looks like the id of a post, so that nobody knows it for what it is."""
        digest = sha256(f"{drill}\0{self.policy}\0{self.text}".encode()).digest()
        return str(_DIGITS + int.from_bytes(digest[:8], "big") % _DIGITS)


def add_golden(work: Work, found: Sequence[GoldenItem], *, by: Person, now: datetime, drill: str = "") -> int:
    """Add golden items; the same text under the same policy is kept once. Returns how many are new."""
    authorise(by, Act.write_guideline)
    added = 0
    for item in found:
        verdict = Verdict.violates if item.violates else Verdict.does_not_violate
        row = item.model_dump(exclude={"violates"}) | {
            "id": item.id(drill),
            "text_hash": sha256(item.text.encode()).hexdigest(),
            "verdict": verdict.value,
            "drill": drill,
            "added_by": by.id,
            "added_at": now,
        }
        added += work.insert_once(golden, row)
    return added


class GoldenCount(BaseModel):
    """How many golden items there are of one policy in one language."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    policy: str
    language: str
    violating: int
    harmless: int
    retired: int = Field(description="Those that are not handed out any more.")
    read: int = Field(description="How often they were read in batches.")


def golden_counts(work: Work, *, drill: str = "") -> list[GoldenCount]:
    """How many golden items there are, by policy and language: counts alone, for whoever hands them out."""
    violates = golden.c.verdict == Verdict.violates.value
    in_use = golden.c.retired_at.is_(None)
    times = (
        sa.select(readings.c.item, sa.func.count().label("times"))
        .where(readings.c.purpose == Purpose.golden.value)
        .group_by(readings.c.item)
        .subquery()
    )
    statement = (
        sa.select(
            golden.c.policy,
            golden.c.language,
            sa.func.count().filter(in_use, violates).label("violating"),
            sa.func.count().filter(in_use, ~violates).label("harmless"),
            sa.func.count().filter(~in_use).label("retired"),
            sa.func.coalesce(sa.func.sum(times.c.times), 0).label("read"),
        )
        .select_from(golden.outerjoin(times, times.c.item == golden.c.id))
        .where(golden.c.drill == drill)
        .group_by(golden.c.policy, golden.c.language)
        .order_by(golden.c.policy, golden.c.language)
    )
    return [GoldenCount.model_validate(row) for row in work.execute(statement)]


def retire_golden(work: Work, item: str, *, by: Person, why: str, now: datetime) -> bool:
    """Hand a golden item out no more; what was read of it stays. False where that was so before.

    NotFound where there is no such item, NotAllowed (`REASON_MISSING`) without a reason.
    """
    authorise(by, Act.write_guideline)
    mine = golden.c.id == item
    if work.execute(sa.select(golden.c.id).where(mine)).first() is None:
        raise NotFound(f"There is no golden item {item}. Its id is that of the item in a batch.")
    if not why.strip():
        missing = Refusal("REASON_MISSING", "Say why; it was settled once.")
        raise NotAllowed(f"{item} was not retired.", [missing])
    statement = sa.update(golden).where(mine, golden.c.retired_at.is_(None))
    values = {"retired_at": now, "retired_by": by.id, "retired_because": why.strip()}
    return work.execute(statement.values(**values)).rowcount == 1


def golden_for(work: Work, sweep: str, batch: str, language: str, person: str, *, size: int) -> list[str]:
    """Golden items for a batch of `size` items: of its language, of the policy of its incident.

    A person meets each once; where all were met, there are none.
    """
    row = work.execute(_RATE, {"sweep": sweep}).one()
    rate = (row.goal or {}).get("golden_share", 0.0)
    pool = work.execute(_POOL, {"sweep": sweep, "language": language}).all() if rate else []
    if not pool:
        return []
    hidden = hide(
        batch,
        size,
        person,
        [Golden(each.id, language, Verdict(each.verdict)) for each in pool],
        language=language,
        seen=set(work.execute(_SEEN, {"person": person}).scalars()),
        rate=rate,
        seed=str(row.steer_seed),
    )
    return [each.item for each in hidden]


# Put together once: they are asked at every claim, and that takes longer than asking the database.
_THIS: Final = sweeps.c.id == sa.bindparam("sweep")
_RATE: Final = sa.select(sweeps.c.goal, sweeps.c.steer_seed).where(_THIS)
_POOL: Final = (
    sa.select(golden.c.id, golden.c.verdict)
    .join(incidents, sa.and_(incidents.c.policy == golden.c.policy, incidents.c.drill == golden.c.drill))
    .join(sweeps, sweeps.c.incident_id == incidents.c.id)
    .where(_THIS, golden.c.language == sa.bindparam("language"), golden.c.retired_at.is_(None))
    .order_by(golden.c.id)
)
_EXPECTED: Final = (
    sa.select(golden.c.id, golden.c.verdict)
    .join(places, places.c.item == golden.c.id)
    .where(places.c.batch_id == sa.bindparam("batch"), places.c.purpose == Purpose.golden.value)
)
_SEEN: Final = sa.select(readings.c.item).where(
    readings.c.person == sa.bindparam("person"), readings.c.purpose == Purpose.golden.value
)


def share_missed(work: Work, incident: str) -> float:
    """Share of violating golden items under the incident's policy that were not called so, in thousandths.

    Over every sweep so far. 0 where fewer than `KNOWN_FROM` were read: too few to plan with.
    """
    missed = readings.c.verdict != Verdict.violates.value
    statement = (
        sa.select(sa.func.count(), sa.func.count().filter(missed))
        .select_from(readings.join(golden, golden.c.id == readings.c.item))
        .join(incidents, sa.and_(incidents.c.policy == golden.c.policy, incidents.c.drill == golden.c.drill))
        .where(incidents.c.id == incident, readings.c.purpose == Purpose.golden.value)
        .where(readings.c.expected == Verdict.violates.value)
    )
    read, not_called_so = work.execute(statement).one()
    return round(not_called_so / read, 3) if read >= KNOWN_FROM else 0.0


def expected_of(work: Work, batch: str) -> dict[str, Verdict]:
    """The right verdicts of the golden items in a batch."""
    return {item: Verdict(verdict) for item, verdict in work.execute(_EXPECTED, {"batch": batch})}
