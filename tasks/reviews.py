"""Write the retrospective down, publish it once it is signed, and see to what must follow."""

from datetime import datetime, timedelta

from prefect import task
from prefect.artifacts import create_markdown_artifact

from incidents.incident.incident import SYSTEM, Incident
from incidents.incident.phases import Phase
from incidents.people import Role
from incidents.reviews.actions import ActionKind
from incidents.reviews.audiences import Audience
from incidents.reviews.drafting import gather, redraft
from incidents.reviews.factors.factor import AREA_OF
from incidents.reviews.record import FactorPart
from incidents.reviews.steps import Step, due_dates
from incidents.store import lifecycle, reviews
from incidents.store.action_items import actions_of, file_action
from incidents.store.incidents import find, holder_of
from incidents.store.records import read_record
from incidents.store.review_steps import plan_steps
from incidents.words import plain, render
from tasks.world import catalogue, store


def is_reviewable(incident: str) -> bool:
    """Whether the incident was stood down and its review is not over."""
    with store().read() as work:
        return find(work, incident).phase in {Phase.stood_down, Phase.reviewing}


@task(persist_result=False)
def begin_review(incident: str, now: datetime) -> None:
    """Name the owner, plan the steps with their due dates, and move on to reviewing, unless that was done."""
    with store().begin() as work:
        found = find(work, incident)
        due = due_steps(found)
        if found.phase is Phase.stood_down:
            owner = holder_of(work, incident, Role.commander) or SYSTEM.id
            due_at = due[Step.reading]
            asked = catalogue().protocol(found.protocol).debrief.questions
            debrief = [each.model_dump() for each in asked]
            lifecycle.start_review(work, incident, due_at=due_at, debrief=debrief, now=now)
            reviews.start_review(work, incident, owner=owner, due_at=due_at, now=now)
        plan_steps(work, incident, due)


def due_steps(found: Incident) -> dict[Step, datetime]:
    """When each step is due, counted from the time at which the incident came to its present phase."""
    known = catalogue()
    return due_dates(
        found.phase_since,
        known.severity(found.severity).review_days,
        debrief_days=known.protocol(found.protocol).debrief.due_days,
        has_approvals=bool(known.approvers(found.protocol, found.severity, Audience.internal)),
    )


@task(persist_result=False)
def gather_evidence(incident: str, now: datetime) -> int:
    """Propose contributing factors from the record, as hypotheses; return how many are new."""
    with store().begin() as work:
        return gather(work, incident, now=now)


@task(persist_result=False)
def draft_retrospective(incident: str, now: datetime) -> int:
    """Write the draft; return its version. What is signed is not drafted again."""
    with store().begin() as work:
        return redraft(work, incident, author=SYSTEM.id, now=now)


@task(persist_result=False)
def show_retrospective(incident: str, version: int) -> None:
    """Show a version on Prefect's page, where whoever signs there reads it. It holds no text of posts."""
    with store().read() as work:
        found, draft = find(work, incident), reviews.read_draft(work, incident, version)
    if not found.restricted:
        create_markdown_artifact(
            draft.markdown, key=f"{incident.lower()}-retrospective", description=f"Version {version}"
        )


@task(persist_result=False)
def file_action_items(incident: str, now: datetime) -> list[str]:
    """File an action item for each accepted factor that has none, and did not mitigate, due by severity."""
    with store().begin() as work:
        found = find(work, incident)
        owner = reviews.find_review(work, incident).owner
        due_at = now + timedelta(days=catalogue().severity(found.severity).clocks.action_due_days)
        covered = {item.factor for item in actions_of(work, incident)}
        filed = [
            file_action(
                work,
                incident,
                title=plain(render("notes/action_title.txt.j2", factor=factor)).strip(),
                kind=ActionKind.process,
                area=AREA_OF.get(factor.category),
                owner=owner,
                success=plain(render("notes/action_success.txt.j2", factor=factor)).strip(),
                factor=factor.number,
                due_at=due_at,
                by=SYSTEM,
                now=now,
            )
            for factor in read_record(work, incident).factors
            if factor.state == "accepted"
            and factor.number not in covered
            # What kept it from being worse is to be kept, not to be changed.
            and factor.part is not FactorPart.mitigator
        ]
    return [item.id for item in filed]


@task(persist_result=False)
def publish_retrospective(incident: str, now: datetime) -> bool:
    """Publish the signed version; False where it is published already."""
    with store().begin() as work:
        return reviews.publish(work, incident, now=now)


@task(persist_result=False)
def close_incident(incident: str, now: datetime) -> None:
    """Close the incident, unless it is closed."""
    with store().begin() as work:
        if find(work, incident).phase is Phase.reviewing:
            lifecycle.close(work, incident, by=SYSTEM, now=now)
