"""What people decided about the items of a batch: all of what they send is recorded, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from incidents.catalogue.policies import Policy
from incidents.errors import Conflict, NotAllowed, Refusal
from incidents.people import Person
from incidents.store import certify, looks, timeline
from incidents.store.aftermath import learn_from, read_in
from incidents.store.batches import Batch, check_held, leased_to, lock_batch
from incidents.store.certify_schema import certify_readings
from incidents.store.ending import end_if_over
from incidents.store.engine import Work
from incidents.store.incidents import lock
from incidents.store.judging import judge_sweep
from incidents.store.schema import batches, decisions, milestones, places, readings
from incidents.store.schema import timeline as entries
from incidents.store.standing import AT_ONCE, Place, standing
from incidents.store.sweeps import lock_sweep
from incidents.sweeps.batches import BLIND, DECIDES, Purpose
from incidents.sweeps.decisions import Decision, Judgement, Verdict, refusals
from incidents.timeline import Entry, Event

FIRST_DECISION = "first_decision"
"""Milestone: from here on somebody judges what the sweeps brought in."""
GROWING: Final = (batches, places, decisions, readings, certify_readings)
"""Tables that batches fill."""

# Put together once: that takes longer than running them.
_INSERT: Final = decisions.insert().inline()  # nobody asks for its number
_FINISH: Final = (
    sa.update(batches)
    .where(batches.c.id == sa.bindparam("batch"), leased_to(sa.bindparam("person", type_=sa.String())))
    .values(state="done", done_at=sa.bindparam("now"), lease_expires_at=None)
    .returning(*batches.c)
)


class Recorded(BaseModel):
    """What became of the decisions that were sent."""

    model_config = ConfigDict(frozen=True)

    new: int
    superseded: int
    unchanged: int
    undecided: int = Field(description="Items of the batch that nobody has decided yet.")


def decide(
    work: Work,
    batch_id: str,
    sent: Sequence[Decision],
    *,
    by: Person,
    policies: Mapping[str, Policy],
    now: datetime,
) -> Recorded:
    """Record decisions on items of a batch that the person holds, all of them or none.

    Where an item is read blind, the word is kept to be compared; elsewhere it stands from now on.

    - what stands already, word for word, changes nothing, also when the lease has ended since
    - the same person decides otherwise: the new word stands, the old one is kept as superseded
    - somebody else has decided the item: Conflict, with who and when
    - NotAllowed lists every decision that a rule refuses, and every item that is not in the batch

    `policies` are those in force, by id. A batch that is done, or in other hands, is a Conflict; a lease
    that has ended is refused as `LEASE_EXPIRED`.
    """
    batch = lock_batch(work, batch_id, by)
    found, empty = standing(work, batch, [decision.item for decision in sent])
    said = {item: place.said for item, place in found.items()}
    changed = [decision for decision in sent if not _same(decision, said.get(decision.item))]
    if changed:
        check_held(batch, by, now)
        times = Counter(decision.item for decision in sent)
        _refuse(batch, _problems(changed, times, said, by, policies))
        _refuse_others(changed, said, by)
        _keep(work, batch, changed, found, now)
    new = sum(said[decision.item] is None for decision in changed)
    if new and empty == batch.size:
        _reach_first_decision(work, batch, now)
    return Recorded(
        new=new,
        superseded=len(changed) - new,
        unchanged=len(sent) - len(changed),
        undecided=empty - new,
    )


def signed(
    judgements: Sequence[Judgement],
    *,
    by: Person,
    policies: Mapping[str, Policy],
    guideline_version: int | None,
    now: datetime,
) -> list[Decision]:
    """Judgements as decisions of this person, with the versions that they rest on."""
    stamp = {"guideline_version": guideline_version, "person": by.id, "decided_at": now}
    return [
        Decision.model_validate(
            judgement.model_dump(include=set(Judgement.model_fields))
            | stamp
            | {"policy_version": _version(judgement, policies)}
        )
        for judgement in judgements
    ]


def finish_batch(work: Work, batch_id: str, *, by: Person, now: datetime) -> Batch:
    """Say that the batch is done. NotAllowed (`ITEMS_UNDECIDED`) while an item has no decision.

    Whoever finished it may say so again. What was read blind is compared with what stands, and where the
    sweep is over with it, the gate is answered at which it waits.
    """
    batch = lock_batch(work, batch_id, by)
    if batch.is_done and batch.leased_to == by.id:
        return batch
    check_held(batch, by, now)
    lock_sweep(work, batch.sweep_id)
    read = read_in(work, batch_id)
    if left := sum(row.verdict is None for row in read):
        reason = Refusal("ITEMS_UNDECIDED", f"{left} of its {batch.size} items have no decision yet.")
        raise NotAllowed(f"{batch_id} cannot be finished yet.", [reason])
    done = _mark_done(work, batch, now)
    if batch.number.bit_count() == 1:
        # Each time that there are twice as many batches: a first sweep grows from nothing within a minute.
        work.count_rows_anew(*GROWING)
    learn_from(work, done, read, now)
    violates = sum(row.verdict == Verdict.violates.value for row in read)
    facts = {"batch": batch_id, "person": by.id, "items": batch.size, "violates": violates}
    timeline.append(work, batch.incident_id, Event.batch_finished, actor=by.id, now=now, facts=facts)
    # Asked after the timeline was appended to, which locks the incident: of two people who finish the last
    # two batches at once, the second one sees the first one's batch done.
    judge_sweep(work, batch.sweep_id, now=now)
    end_if_over(work, batch.sweep_id, now=now)
    return done


class _Problem(NamedTuple):
    item: str
    refusal: Refusal


def _problems(
    changed: Sequence[Decision],
    times: Mapping[str, int],
    said: Mapping[str, Decision | None],
    by: Person,
    policies: Mapping[str, Policy],
) -> list[_Problem]:
    """Every reason against every decision that would change something, in the order of sending."""
    found = []
    for decision in changed:
        reasons = refusals(decision, policies)
        if decision.item not in said:
            reasons.append(Refusal("ITEM_ELSEWHERE", "The batch has no such item."))
        if times[decision.item] > 1:
            reasons.append(Refusal("ITEM_REPEATED", "It was decided more than once in what was sent."))
        if decision.person != by.id:
            reasons.append(Refusal("PERSON_OTHER", f"It was signed by {decision.person}."))
        found += [_Problem(decision.item, reason) for reason in reasons]
    return found


def _refuse(batch: Batch, problems: Sequence[_Problem]) -> None:
    if problems:
        reasons = [Refusal(refusal.code, f"item {item}: {refusal.sentence}") for item, refusal in problems]
        raise NotAllowed(f"Nothing was recorded in {batch.id}: {len(reasons)} problems.", reasons)


def _refuse_others(changed: Sequence[Decision], said: Mapping[str, Decision | None], by: Person) -> None:
    others = [was for decision in changed if (was := said[decision.item]) and was.person != by.id]
    if others:
        lines = [f"  item {was.item}: {was.person}, {was.decided_at:%Y-%m-%d %H:%M:%S} UTC" for was in others]
        raise Conflict("\n".join(["Somebody else decided before you, so nothing was recorded:", *lines]))


def _same(decision: Decision, said: Decision | None) -> bool:
    """Whether it was said before by the same person, in the same words and under the same versions."""
    when = {"decided_at"}
    return said is not None and decision.model_dump(exclude=when) == said.model_dump(exclude=when)


def _row(batch: Batch, decision: Decision) -> dict[str, Any]:
    return decision.model_dump() | {
        "verdict": decision.verdict.value,
        "action": decision.action.value,
        "sweep_id": batch.sweep_id,
        "batch_id": batch.id,
    }


def _supersede(work: Work, batch: Batch, ids: Sequence[str], now: datetime) -> None:
    for start in range(0, len(ids), AT_ONCE):
        statement = sa.update(decisions).where(
            decisions.c.sweep_id == batch.sweep_id,
            decisions.c.item.in_(ids[start : start + AT_ONCE]),
            decisions.c.superseded_at.is_(None),
        )
        work.execute(statement.values(superseded_at=now))


def _keep(
    work: Work, batch: Batch, changed: Sequence[Decision], found: Mapping[str, Place], now: datetime
) -> None:
    """Each word where its place says that it belongs."""
    stands = [each for each in changed if found[each.item].purpose in DECIDES]
    if stands:
        _supersede(work, batch, [each.item for each in stands if _has_decision(found[each.item])], now)
        rows = [_row(batch, each) for each in stands]
        work.execute(_INSERT, rows if len(rows) > 1 else rows[0])
    again = [each.item for each in changed if found[each.item].said is not None]
    for_sample = [each for each in changed if found[each.item].purpose is Purpose.certify]
    if for_sample:
        certify.record(work, batch.sweep_id, batch.id, for_sample, again)
    blind = {each: found[each.item].purpose for each in changed if found[each.item].purpose in BLIND}
    if blind:
        looks.record(work, batch.sweep_id, batch.id, blind, again)


def _has_decision(place: Place) -> bool:
    """Whether a decision about the item of a place may stand; what is adjudicated has one, of another batch."""
    return place.said is not None or place.purpose is Purpose.adjudicate


def _mark_done(work: Work, batch: Batch, now: datetime) -> Batch:
    done = {"batch": batch.id, "person": batch.leased_to, "now": now}
    return Batch.model_validate(work.execute(_FINISH, done).one())


def _reach_first_decision(work: Work, batch: Batch, now: datetime) -> None:
    """Asked at the first word in a batch. The entry behind it is the claim: no single word is told."""
    known = sa.select(milestones.c.seq).where(
        milestones.c.incident_id == batch.incident_id, milestones.c.name == FIRST_DECISION
    )
    if work.execute(known).first() is None:
        # The incident before its milestone, as wherever else a milestone is reached.
        lock(work, batch.incident_id)
        timeline.reach_milestone(work, _claim_entry(work, batch), FIRST_DECISION, at=now)


def _claim_entry(work: Work, batch: Batch) -> Entry:
    last = sa.select(sa.func.max(entries.c.seq)).where(
        entries.c.incident_id == batch.incident_id,
        entries.c.event == Event.batch_claimed.value,
        entries.c.facts["batch"].as_string() == batch.id,
    )
    seq = work.execute(last).scalar_one()
    return timeline.entries(work, batch.incident_id, after=seq - 1, limit=1)[0]


def _version(judgement: Judgement, policies: Mapping[str, Policy]) -> int | None:
    policy = policies.get(judgement.policy or "")
    return None if policy is None else policy.version
