"""Work a batch through any door of the web: the moves that pages and API share, each in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fastapi import BackgroundTasks
from pydantic import BaseModel, ConfigDict, Field

from console import runs
from console.api_door import Caller
from incidents.catalogue.policies import Policy, RecommendedAction
from incidents.errors import NotFound
from incidents.people import Person
from incidents.store import at_work, batches, decisions, returns, turns
from incidents.store import surroundings as around
from incidents.store.at_work import Opened
from incidents.store.batches import Batch, find_batch
from incidents.store.decisions import Recorded
from incidents.store.engine import Work
from incidents.store.incidents import find
from incidents.store.surroundings import Surroundings
from incidents.store.sweeps import find_sweep
from incidents.sweeps.decisions import IMPLIED_ACTION, MAX_RATIONALE, Judgement, Reference, Verdict
from incidents.sweeps.desk import Desk, desk_for


class Said(BaseModel):
    """What somebody says of one post, as a form or a script sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field(min_length=1, max_length=500, description="Id of the post.")
    verdict: Verdict
    policy: Reference = Field(None, description="Needed where it violates.")
    clause: Reference = Field(None, description="Needed where it violates.")
    action: RecommendedAction | None = Field(
        None, description="Without it: what the verdict leaves as the only one, or what the policy recommends."
    )
    rationale: str = Field(
        "", max_length=MAX_RATIONALE, description="Needed where it is unsure. Never a quote."
    )

    def judgement(self, policies: Mapping[str, Policy]) -> Judgement:
        """The same with its action."""
        policy = policies.get(self.policy or "")
        recommended = policy.action if policy else RecommendedAction.remove
        action = self.action or IMPLIED_ACTION.get(self.verdict, recommended)
        return Judgement.model_validate(self.model_dump() | {"action": action})


class Taken(NamedTuple):
    """A batch that was taken, and the version of the guideline that holds where it is worked."""

    batch: Batch
    guideline_version: int | None


def claim(
    calls: Caller, after: BackgroundTasks, team: str, *, sweep: str | None = None, languages: Sequence[str] = ()
) -> Taken | None:
    """Take what matters most for the team; of this sweep alone where one is named, as a drill's must be.

    See `claim_batch`: None where nothing waits, NotAllowed where a break is due or a budget is used up.
    """
    with calls.store.begin() as work:
        desk, by, now = _at_desk(calls, work, team, sweep, languages)
        taken = batches.claim_batch(work, desk, by=by, now=now, sweep=sweep)
        if taken is None:
            return None
        version = at_work.version_in_force(work, taken.id, now)
    after.add_task(calls.hand_over, taken.incident_id)
    return Taken(taken, version)


def reserve(
    calls: Caller, team: str, *, sweep: str | None = None, languages: Sequence[str] = ()
) -> Batch | None:
    """Put aside what `claim` would give next, for whoever still holds a batch; see `reserve_batch`."""
    with calls.store.begin() as work:
        desk, by, now = _at_desk(calls, work, team, sweep, languages)
        return batches.reserve_batch(work, desk, by=by, now=now, sweep=sweep)


def _at_desk(
    calls: Caller, work: Work, team: str, sweep: str | None, languages: Sequence[str]
) -> tuple[Desk, Person, datetime]:
    """Where somebody asks for a batch, who asks, and what the clock shows there."""
    incident = find_sweep(work, sweep).incident_id if sweep else None
    by = calls.person_in(work, incident) if incident else calls.person()
    now = calls.now_in(work, incident) if incident else calls.machine_now
    drill = bool(incident and find(work, incident).is_drill)
    desk = desk_for(calls.catalogue, by, team, drill=drill)
    return (desk.model_copy(update={"languages": tuple(languages)}) if languages else desk), by, now


def hold(calls: Caller, after: BackgroundTasks, batch: str) -> Batch:
    """Take this very batch, or hold it for longer."""
    with calls.store.begin() as work:
        _, by, now = calls.at_batch(work, batch)
        minutes = calls.catalogue.team(find_batch(work, batch).team).lease_minutes
        taken = batches.claim(work, batch, by=by, now=now, lease_minutes=minutes)
    after.add_task(calls.hand_over, taken.incident_id)
    return taken


def read(calls: Caller, batch: str) -> Opened:
    """The batch with its posts, for whoever holds it."""
    with calls.store.read() as work:
        _, by, now = calls.at_batch(work, batch)
        return at_work.open_batch(work, batch, by=by, now=now)


def read_ahead(calls: Caller, batch: str) -> Opened:
    """The batch with its posts, for whoever it is put aside for; nothing begins with it."""
    with calls.store.read() as work:
        _, by, now = calls.at_batch(work, batch)
        return at_work.read_ahead(work, batch, by=by, now=now)


def surroundings(calls: Caller, batch: str, item: str) -> Surroundings:
    """What stands around a post of the batch, for whoever holds it."""
    with calls.store.read() as work:
        _, by, now = calls.at_batch(work, batch)
        return around.surroundings(work, batch, item, by=by, now=now)


def translate(calls: Caller, batch: str, item: str, into: str) -> str:
    """A post of a batch in another language, for whoever holds it. It is kept nowhere.

    NotFound where the post is not in the batch; PartnerUnreachable where no server translates.
    """
    posts = {post.item.item: post.item for post in read(calls, batch).posts}
    if item not in posts:
        raise NotFound(f"There is no post {item} in {batch}.")
    return runs.translate(calls.settings, posts[item].text, language=posts[item].language, into=into)


def look_into(calls: Caller, batch: str, reason: str) -> Opened:
    """The batch with its posts, for staff; it is written down."""
    with calls.store.begin() as work:
        _, by, now = calls.at_batch(work, batch)
        return at_work.look_into(work, batch, by=by, reason=reason, now=now)


def judge(calls: Caller, batch: str, said: Sequence[Said], *, read_under: int | None) -> Recorded:
    """Record what somebody says of posts of the batch, all of it or nothing. No message follows from it."""
    policies = {policy.id: policy for policy in calls.catalogue.policies}
    judgements = [each.judgement(policies) for each in said]
    with calls.store.begin() as work:
        _, by, now = calls.at_batch(work, batch)
        return at_work.judge(work, batch, judgements, read_under=read_under, by=by, policies=policies, now=now)


def skip(calls: Caller, batch: str, item: str, reason: str) -> None:
    """Leave a post to somebody else. No message follows from it."""
    with calls.store.begin() as work:
        _, by, now = calls.at_batch(work, batch)
        turns.skip_item(work, batch, item, by=by, reason=reason, now=now)


def give_back(calls: Caller, after: BackgroundTasks, batch: str, reason: str) -> None:
    """Put the batch back into the queue, and with it what is put aside for the person: they stop."""
    with calls.store.begin() as work:
        incident, by, now = calls.at_batch(work, batch)
        returns.return_batch(work, batch, by=by, why=reason, now=now)
        batches.let_go_reserved(work, by)
    after.add_task(calls.hand_over, incident)


def finish(calls: Caller, after: BackgroundTasks, batch: str) -> Batch:
    """Say that the batch is done."""
    with calls.store.begin() as work:
        incident, by, now = calls.at_batch(work, batch)
        done = decisions.finish_batch(work, batch, by=by, now=now)
    after.add_task(calls.hand_over, incident)
    return done
