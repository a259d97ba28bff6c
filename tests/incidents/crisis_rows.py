"""One evening's crisis as rows: a candidate, a late partner, a flooding term, a silence, a stand-down."""

from typing import Any

from incidents.reviews.factors.rules import propose
from incidents.reviews.sections import Section
from incidents.store import timeline
from incidents.store.action_items import file_action
from incidents.store.engine import Work
from incidents.store.records import read_record
from incidents.store.reviews import judge_factor, propose_factors, start_review
from incidents.store.schema import (
    asks,
    batches,
    decisions,
    exposures,
    guidelines,
    items,
    places,
    planned_actions,
    readings,
    roles,
    signals,
    sweeps,
)
from incidents.store.sections import write_section
from incidents.timeline import Event
from tests.incidents.review_rows import ADA, EVE, add_incident, after, tell

LESSON = "An ask that goes out at night needs a telephone call as well (INC-12#24)."
SURPRISED = """\
Nobody had seen this term before.
- The team legal was asleep when `INC-12#12` went out
- The footage was older than a day,
  which we learnt from a newsroom
"""
LEGAL, GERMAN = "ask:INC-12:legal:1", "ask:INC-12:german:1"


def add_crisis(work: Work) -> None:
    """INC-12 from its first signal to the review of it."""
    add_incident(work, phase="reviewing")
    _detect(work)
    _declare(work)
    _sweep(work)
    _end(work)


def _detect(work: Work) -> None:
    for number, (source, reach) in enumerate([("trusted-flagger", 40_000), ("user-reports", 0)], start=1):
        row = {
            "id": number,
            "source": source,
            "kind": "report",
            "title": "Footage",
            "fingerprint": f"f{number}",
        }
        row |= {"content_hash": "c", "standing": "new", "reach": reach, "payload": "{}", "handed_in_by": "ada"}
        work.execute(
            signals.insert().values(**row, event_at=after(-95), received_at=after(number), incident_id="INC-12")
        )
    title = "Attack footage, re-uploaded in copies"
    opened = tell(work, 0, Event.candidate_opened, title=title, severity="sev3", rule="burst", signals=2)
    first = tell(
        work, 1, Event.signal_attached, "trusted-flagger", signal=1, source="trusted-flagger", standing="new"
    )
    tell(work, 2, Event.signal_attached, "user-reports", signal=2, source="user-reports", standing="new")
    timeline.reach_milestone(work, opened, "detected")
    timeline.reach_milestone(work, first, "started", at=after(-95), certainty="estimated")
    timeline.reach_milestone(work, first, "first_signal", at=after(-1))


def _declare(work: Work) -> None:
    begun = tell(work, 4, Event.assessment_started, "eve", by="eve")
    timeline.reach_milestone(work, begun, "acknowledged")
    answers = {"perpetrator-footage": "yes", "spreads": "yes", "newsworthy": "unknown"}
    tell(work, 9, Event.assessment_recorded, "eve", answers=answers, note="Two copies seen elsewhere.")
    tell(work, 9, Event.priority_computed, "eve", severity="sev2", rule="serious-and-spreading", was="sev3")
    tell(work, 10, Event.gate_opened, gate="declare", due_at=after(40).isoformat())
    tell(work, 41, Event.gate_escalated, gate="declare", times=1)
    declared = tell(work, 55, Event.crisis_declared, "ada", reason="Copies return within minutes of removal")
    timeline.reach_milestone(work, declared, "declared")
    taken = tell(work, 55, Event.role_taken, "ada", role="commander", person="ada")
    timeline.reach_milestone(work, taken, "commander_assigned")
    held = {"incident_id": "INC-12", "role": "commander", "person": "ada", "taken_at": after(55)}
    work.execute(roles.insert().values(**held))
    facts: dict[str, Any] = {"version": 1, "languages": ["en", "de"], "title": "Remove footage of the attack"}
    published = tell(work, 70, Event.guideline_published, "ada", **facts)
    timeline.reach_milestone(work, published, "guideline_published")
    for language in ("en", "de"):
        row = {
            "incident_id": "INC-12",
            "version": 1,
            "language": language,
            "title": facts["title"],
            "body": "…",
        }
        work.execute(
            guidelines.insert().values(
                **row, effective_from=after(70), published_at=after(70), published_by="ada"
            )
        )
    for key, team, heard in ((LEGAL, "legal", 150), (GERMAN, "german", 80)):
        tell(work, 71, Event.ask_sent, "ada", ask=key, team=team, due_at=after(101).isoformat())
        row = {
            "key": key,
            "incident_id": "INC-12",
            "team": team,
            "number": 1,
            "what": "Please enforce.",
            "about": "sweep",
        }
        row |= {
            "guideline_version": 1,
            "asked_at": after(71),
            "asked_by": "ada",
            "due_at": after(101),
            "acknowledged_by": "cleo",
        }
        work.execute(asks.insert().values(**row, acknowledged_at=after(heard)))
    tell(work, 72, Event.message_failed, key=f"{LEGAL}>mail", channel="mail", error="Connection refused")
    tell(work, 74, Event.message_delivered, key=f"{LEGAL}>mail", channel="mail")
    tell(work, 75, Event.response_started)
    tell(work, 80, Event.ask_acknowledged, "dev", ask=GERMAN, team="german", person="dev", note="")


def _sweep(work: Work) -> None:
    """100 posts matched: `attack` alone brought in 60 that were harmless, the hashtag 40 that were not."""
    tell(work, 81, Event.sweep_requested, "ada", sweep="INC-12-S1", scope_hash="ab" * 32)
    terms = [{"term": "term:attack", "posts": 60, "alone": 60}, {"term": "#leak", "posts": 40, "alone": 40}]
    row = {
        "id": "INC-12-S1",
        "incident_id": "INC-12",
        "number": 1,
        "state": "finished",
        "scope": {},
        "source": {},
    }
    row |= {"scope_hash": "ab" * 32, "requested_at": after(81), "requested_by": "ada", "frozen_at": after(82)}
    row |= {"posts_seen": 5000, "posts_matched": 100, "terms": terms, "finished_at": after(240)}
    work.execute(sweeps.insert().values(**row))
    tell(work, 82, Event.universe_frozen, sweep="INC-12-S1", posts=5000, matched=100, universe="cd" * 32)
    tell(work, 82, Event.batches_opened, sweep="INC-12-S1", batches=2, by_team={"german": 1, "legal": 1})
    for number, (team, language) in enumerate([("german", "de"), ("legal", "en")], start=1):
        batch: dict[str, Any] = {"id": f"INC-12-S1-B{number}", "sweep_id": "INC-12-S1", "incident_id": "INC-12"}
        batch |= {"number": number, "team": team, "language": language, "size": 50, "state": "done"}
        batch |= {"graphic": team == "german"}
        work.execute(batches.insert().values(**batch))
    rows = [_item(number) for number in range(100)]
    work.execute(items.insert(), rows)
    work.execute(places.insert(), [_place(row, number) for number, row in enumerate(rows)])
    work.execute(decisions.insert(), [_decision(row, number) for number, row in enumerate(rows)])
    work.execute(readings.insert(), [_second_look(row, number) for number, row in enumerate(rows[:25])])
    for name, person, began, ended in (("B1", "dev", 83, 160), ("B2", "cleo", 84, 238)):
        seen = {"batch_id": f"INC-12-S1-{name}", "person": person, "looked_at": 50, "severe": 20}
        work.execute(exposures.insert().values(**seen, began_at=after(began), ended_at=after(ended)))
    claimed = tell(work, 83, Event.batch_claimed, "dev", batch="INC-12-S1-B1", person="dev")
    timeline.reach_milestone(work, claimed, "first_decision", at=after(84))
    tell(work, 84, Event.batch_claimed, "cleo", batch="INC-12-S1-B2", person="cleo")
    tell(work, 130, Event.batch_returned, batch="INC-12-S1-B2", person="cleo", why="the lease ended")
    tell(work, 150, Event.ask_acknowledged, "cleo", ask=LEGAL, team="legal", person="cleo", note="Sorry")
    tell(work, 151, Event.batch_claimed, "cleo", batch="INC-12-S1-B2", person="cleo")
    tell(work, 160, Event.batch_finished, "dev", batch="INC-12-S1-B1", person="dev", items=50, violates=20)
    tell(work, 238, Event.batch_finished, "cleo", batch="INC-12-S1-B2", person="cleo", items=50, violates=20)
    done = tell(work, 240, Event.sweep_finished, sweep="INC-12-S1", decided=100, violates=40, escalated=10)
    timeline.reach_milestone(work, done, "sweep_finished")
    plan = [_plan(row) for row in rows if row["matched"] == ["#leak"]]
    work.execute(planned_actions.insert(), plan)
    tell(work, 241, Event.plan_made, sweep="INC-12-S1", actions=40)


def _item(number: int) -> dict[str, Any]:
    matched = ["term:attack"] if number % 5 < 3 else ["#leak"]
    team, language = ("german", "de") if number < 50 else ("legal", "en")
    row: dict[str, Any] = {"sweep_id": "INC-12-S1", "item": f"p{number}", "read_as": f"p{number}", "reach": 10}
    row |= {"team": team, "state": "taken", "posted_at": after(number - 95)}
    return row | {"text": "TEXT OF A POST", "language": language, "matched": matched}


def _batch_of(number: int) -> str:
    return "INC-12-S1-B1" if number < 50 else "INC-12-S1-B2"


def _place(row: dict[str, Any], number: int) -> dict[str, Any]:
    place = {"batch_id": _batch_of(number), "place": number + 1, "purpose": "rank"}
    return place | {"sweep_id": row["sweep_id"], "item": row["item"]}


def _decision(row: dict[str, Any], number: int) -> dict[str, Any]:
    harmless = "unsure" if number >= 50 and number % 5 == 0 else "does_not_violate"
    verdict = "violates" if row["matched"] == ["#leak"] else harmless
    action = {"violates": "remove", "unsure": "escalate"}.get(verdict, "keep")
    policy = "violence.incitement" if verdict == "violates" else None
    told = {"sweep_id": row["sweep_id"], "item": row["item"], "batch_id": _batch_of(number), "verdict": verdict}
    told |= {
        "policy": policy,
        "clause": "call-to-act" if policy else None,
        "policy_version": 1 if policy else None,
    }
    person, at = ("dev", 84 + number) if number < 50 else ("cleo", 110 + number)
    return told | {
        "action": action,
        "guideline_version": 1,
        "person": person,
        "decided_at": after(at),
        "rationale": "WHAT A REVIEWER WROTE",
    }


def _second_look(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Cleo read 25 of Dev's items again, blind, and saw two of them otherwise."""
    first = _decision(row, number)
    differs = {"verdict": "does_not_violate", "action": "keep", "policy": None, "clause": None}
    said = first | (differs | {"policy_version": None} if number in (3, 8) else {})
    look = {"purpose": "second", "expected": first["verdict"], "drawn": 0.5, "batch_id": "INC-12-S1-B2"}
    return said | look | {"person": "cleo", "decided_at": after(210 + number)}


def _plan(row: dict[str, Any]) -> dict[str, Any]:
    told = {"key": f"action:INC-12-S1:{row['item']}", "incident_id": "INC-12", "sweep_id": "INC-12-S1"}
    told |= {"item": row["item"], "action": "remove", "policy": "violence.incitement", "clause": "call-to-act"}
    return told | {"policy_version": 1, "decided_by": "dev", "planned_at": after(241)}


def _end(work: Work) -> None:
    contained = tell(work, 242, Event.monitoring_started)
    timeline.reach_milestone(work, contained, "contained")
    down = tell(work, 420, Event.crisis_stood_down, "ada", reason="No new copies for three hours", waived=[])
    timeline.reach_milestone(work, down, "stood_down")
    tell(work, 421, Event.review_started, due_at=after(10_500).isoformat())
    start_review(work, "INC-12", owner="eve", due_at=after(10_500), now=after(421))
    propose_factors(work, "INC-12", propose(read_record(work, "INC-12")))
    judge_factor(work, "INC-12", 2, state="accepted", reason="Nobody was on call", by=EVE, now=after(1500))
    file_action(
        work,
        "INC-12",
        title="Give legal a rota for nights",
        kind="process",
        owner="cleo",
        success="The next ask at night is acknowledged within 30 minutes.",
        factor=3,
        due_at=after(45_000),
        by=ADA,
        now=after(1510),
    )
    words = {Section.lesson: LESSON, Section.surprised: SURPRISED}
    for section, text in words.items():
        write_section(work, "INC-12", section, text, was=0, by=EVE, now=after(1520))
