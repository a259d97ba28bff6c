"""What second, blind looks say about the decisions of a sweep, and which of these to read once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.errors import NotAllowed, Refusal
from incidents.people import Act, Person, Role
from incidents.store import looks
from incidents.store.engine import Work
from incidents.store.guidelines import guidelines_of
from incidents.store.incidents import find
from incidents.store.said import holds
from incidents.store.schema import batches, decisions, golden, items, places, readings
from incidents.store.standing import current_decisions
from incidents.store.sweeps import Sweep, find_sweep, find_sweep_for, read_items
from incidents.sweeps.batches import Purpose
from incidents.sweeps.decisions import Verdict
from incidents.sweeps.quality.agreement import Agreement, Key, Reading, agreement, agreement_by
from incidents.sweeps.quality.golden import GoldenKey, GoldenReading, GoldenRecord, golden_records_by
from incidents.sweeps.quality.inherited import InheritedError, inherited_error
from incidents.sweeps.quality.precision import Checked, Precision, precision, precision_by_language
from incidents.sweeps.quality.rereading import Again, Change, Drift, drift, to_read_again
from incidents.sweeps.quality.second_reading import Decided, risk, what_holds

ALL: Final = "all"


class Quality(BaseModel):
    """How well a sweep is decided, as far as it was looked at again."""

    model_config = ConfigDict(frozen=True)

    sweep: str
    agreement: Mapping[str, Mapping[str, Agreement]] = Field(
        description="`all`, `language`, `team` or `guideline_version` → name → how far people agree."
    )
    precision: Mapping[str, Precision] = Field(description="Language, or `all` → how often decisions hold.")
    unsettled: int = Field(description="Second looks that differ, and that nobody has decided between yet.")
    golden: Mapping[str, Mapping[str, GoldenRecord]] = Field(
        description="`language`, `team` or `person` → name → how golden items were read."
    )
    inherited: InheritedError
    drift: Drift | None = Field(None, description="Between the last two versions of the guideline.")


class Pair(BaseModel):
    """A decision, and what somebody said who looked at the same item blind."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sweep_id: str
    item: str
    language: str
    team: str
    person: str
    verdict: Verdict
    guideline_version: int | None
    second_person: str
    second_verdict: Verdict
    second_version: int | None
    drawn: float
    stands: Verdict | None
    stands_by: str | None
    at: datetime

    @property
    def holds(self) -> Verdict | None:
        """What holds after both; None while that is open."""
        others = {self.person, self.second_person}
        adjudicated = self.stands if self.stands_by not in others else None
        return what_holds(self.verdict, self.second_verdict, adjudicated)

    def readings(self) -> tuple[Reading, Reading]:
        """Both as blind readings of one item."""
        first = Reading(
            item=self.item,
            person=self.person,
            verdict=self.verdict,
            language=self.language,
            team=self.team,
            guideline_version=self.guideline_version,
            probability=self.drawn,
        )
        return first, first._replace(
            person=self.second_person, verdict=self.second_verdict, guideline_version=self.second_version
        )


def quality_of(work: Work, sweep: str, *, by: Person, team: str | None = None) -> Quality:
    """The quality of a sweep; that of one team where it is named.

    Whose golden items were read how is told to commanders, to partner leads about their team, and to
    everybody about themselves.
    """
    found = find_sweep_for(work, sweep, by)
    of_team = items.c.team == team if team is not None else sa.true()
    pairs = second_looks(work, sa.and_(readings.c.sweep_id == sweep, of_team))
    said, checked = readings_in(pairs), settled(pairs)
    return Quality(
        sweep=sweep,
        agreement={ALL: {ALL: agreement(said, seed=sweep)}}
        | {key.value: agreement_by(said, key, seed=sweep) for key in Key},
        precision={**precision_by_language(checked), ALL: precision(checked)},
        unsettled=len(pairs) - len(checked),
        golden=_golden(work, sweep, team, by),
        inherited=_inherited(work, sweep, team),
        drift=_drift(work, found, said),
    )


def reread(work: Work, sweep: str, changes: Sequence[Change]) -> list[Again]:
    """The decisions that the newest version of the guideline may turn, the most pressing first.

    What was read a second time under it, or waits for that, is left out. None before there is a guideline.
    """
    found = find_sweep(work, sweep)
    newest = max((each.version for each in guidelines_of(work, found.incident_id)), default=None)
    if newest is None:
        return []
    known = _seen_again(work, sweep, newest)
    heads = set(read_items(work, sweep)) - known
    decided = [each for each in current_decisions(work, sweep) if each.item in heads]
    risks = _risks(work, found)
    return to_read_again(decided, newest, changes, risks)


def ask_again(
    work: Work, sweep: str, changes: Sequence[Change], *, by: Person, most: int | None = None
) -> list[Again]:
    """Let those decisions wait for a second, blind look; at most so many, from the top.

    NotAllowed (`SWEEP_ENDED`) where the sweep hands out nothing any more.
    """
    found = find_sweep_for(work, sweep, by, Act.write_guideline)
    if found.is_finished or found.is_enough:
        ended = Refusal("SWEEP_ENDED", "It hands out nothing any more. Start another sweep.")
        raise NotAllowed(f"Nothing of {sweep} is read again.", [ended])
    chosen = reread(work, sweep, changes)[:most]
    looks.ask_for(work, sweep, Purpose.second, dict.fromkeys((each.item for each in chosen), 1.0))
    return chosen


def second_looks(work: Work, which: sa.ColumnElement[bool]) -> list[Pair]:
    """Second looks with the decision that stood when each was made, in the order of looking.

    `which` is about `readings` and `items`.
    """
    first = decisions.alias("first")
    stands = decisions.alias("stands")
    stood = sa.and_(
        first.c.sweep_id == readings.c.sweep_id,
        first.c.item == readings.c.item,
        first.c.decided_at <= readings.c.decided_at,
        sa.or_(first.c.superseded_at.is_(None), first.c.superseded_at > readings.c.decided_at),
    )
    current = sa.and_(
        stands.c.sweep_id == readings.c.sweep_id,
        stands.c.item == readings.c.item,
        stands.c.superseded_at.is_(None),
    )
    statement = (
        sa.select(
            *(readings.c.sweep_id, readings.c.item, items.c.language, items.c.team),
            *(first.c.person, first.c.verdict, first.c.guideline_version),
            readings.c.person.label("second_person"),
            readings.c.verdict.label("second_verdict"),
            readings.c.guideline_version.label("second_version"),
            sa.func.coalesce(readings.c.drawn, 1.0).label("drawn"),
            *(stands.c.verdict.label("stands"), stands.c.person.label("stands_by")),
            readings.c.decided_at.label("at"),
        )
        .join(items, sa.and_(items.c.sweep_id == readings.c.sweep_id, items.c.item == readings.c.item))
        .join(first, stood)
        .outerjoin(stands, current)
        .where(readings.c.purpose == Purpose.second.value, which)
        .order_by(readings.c.decided_at, readings.c.item, readings.c.person)
    )
    return [Pair.model_validate(row) for row in work.execute(statement)]


def readings_in(pairs: Sequence[Pair]) -> list[Reading]:
    """One reading an item, person and version: who decided again after an undoing counts with the last word.

    The pairs are of one sweep.
    """
    said: dict[tuple[str, str, int | None], Reading] = {}
    for pair in pairs:
        for reading in pair.readings():
            said[reading.item, reading.person, reading.guideline_version] = reading
    return list(said.values())


def settled(pairs: Sequence[Pair]) -> list[Checked]:
    """What became of the decisions of those pairs on which something holds by now."""
    return [
        Checked(pair.item, pair.language, pair.verdict, found, pair.drawn)
        for pair in pairs
        if (found := pair.holds) is not None
    ]


def _golden(work: Work, sweep: str, team: str | None, by: Person) -> dict[str, dict[str, GoldenRecord]]:
    statement = (
        sa.select(
            *(readings.c.item, readings.c.person, golden.c.language, batches.c.team),
            *(readings.c.expected.label("truth"), readings.c.verdict),
        )
        .join(golden, golden.c.id == readings.c.item)
        .join(batches, batches.c.id == readings.c.batch_id)
        .where(readings.c.sweep_id == sweep, readings.c.purpose == Purpose.golden.value)
        .where(batches.c.team == team if team is not None else sa.true())
        .order_by(readings.c.decided_at, readings.c.item, readings.c.person)
    )
    read = [
        GoldenReading(
            item=row.item,
            person=row.person,
            language=row.language,
            team=row.team,
            truth=Verdict(row.truth),
            verdict=Verdict(row.verdict),
        )
        for row in work.execute(statement)
    ]
    records = {key.value: golden_records_by(read, key) for key in (GoldenKey.language, GoldenKey.team)}
    shown = [each for each in read if each.person == by.id or may_see_people(by, each.team)]
    return records | {GoldenKey.person.value: golden_records_by(shown, GoldenKey.person)}


def may_see_people(by: Person, team: str) -> bool:
    """Whether somebody may see how well each person of a team reads: who leads it, or the crisis."""
    if by.roles & {Role.commander, Role.administrator}:
        return True
    return Role.partner_lead in by.roles and by.team == team


def _inherited(work: Work, sweep: str, team: str | None) -> InheritedError:
    """Copies whose decision is their head's, those included that a check has split off since."""
    mine = sa.and_(items.c.sweep_id == sweep, items.c.team == team if team is not None else sa.true())
    checks = (
        sa.select(readings.c.item, sa.func.max(sa.case((_differs(), 1), else_=0)).label("wrong"))
        .where(readings.c.sweep_id == sweep, readings.c.purpose == Purpose.check.value)
        .group_by(readings.c.item)
        .subquery()
    )
    covered = sa.and_(
        items.c.read_as != items.c.item,
        sa.exists().where(holds()),
    )
    statement = (
        sa.select(
            sa.func.count(),
            sa.func.count(checks.c.item),
            sa.func.coalesce(sa.func.sum(checks.c.wrong), 0),
        )
        .select_from(items.outerjoin(checks, checks.c.item == items.c.item))
        .where(mine, sa.or_(covered, checks.c.item.is_not(None)))
    )
    population, checked, wrong = work.execute(statement).one()
    return inherited_error(int(population), int(checked), int(wrong))


def _differs() -> sa.ColumnElement[bool]:
    return readings.c.verdict != readings.c.expected


def _drift(work: Work, sweep: Sweep, said: Sequence[Reading]) -> Drift | None:
    versions = sorted({each.version for each in guidelines_of(work, sweep.incident_id)})
    return drift(said, versions[-2], versions[-1]) if len(versions) > 1 else None


def _seen_again(work: Work, sweep: str, version: int) -> set[str]:
    """Items that were read a second time under this version, or wait for it, or are just being read so."""
    read = sa.select(readings.c.item).where(
        readings.c.sweep_id == sweep,
        readings.c.purpose == Purpose.second.value,
        readings.c.guideline_version >= version,
    )
    waiting = sa.select(items.c.item).where(items.c.sweep_id == sweep, items.c.look.is_not(None))
    in_hands = (
        sa.select(places.c.item)
        .join(batches, batches.c.id == places.c.batch_id)
        .where(places.c.sweep_id == sweep, batches.c.state != "done")
        .where(places.c.purpose.in_([Purpose.second.value, Purpose.adjudicate.value]))
    )
    return set(work.execute(sa.union(read, waiting, in_hands)).scalars())


def _risks(work: Work, sweep: Sweep) -> dict[str, float]:
    """Item → how much there is to lose by not looking again."""
    severity = find(work, sweep.incident_id).impact.harm
    statement = sa.select(items.c.item, decisions.c.verdict, items.c.score, items.c.reach).join(
        decisions, holds(items.c.item)
    )
    return {
        row.item: risk(Decided(row.item, Verdict(row.verdict), row.score, row.reach, severity))
        for row in work.execute(statement.where(items.c.sweep_id == sweep.id))
    }
