"""A crisis that is over and under review, as the pages of retrospectives meet it."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from incidents.reviews.factors.factor import Category, Factor
from incidents.reviews.steps import Step
from incidents.store import lifecycle, reviews
from incidents.store.review_steps import plan_steps
from tests.console.command_line import WHY, declared, open_store, responding, run


def under_review(*words: str, owner: str = "ada-l") -> str:
    """Declare a crisis, stand it down, begin its review as the review flow does, and return its id."""
    incident = declared(*words)
    responding(incident)
    run("waive", incident, "GUIDELINE_MISSING", *WHY)
    run("stand-down", incident, *WHY)
    now = datetime.now(UTC)
    due_at = now + timedelta(days=14)
    with closing(open_store()) as store, store.begin() as work:
        lifecycle.start_review(work, incident, due_at=due_at, now=now)
        reviews.start_review(work, incident, owner=owner, due_at=due_at, now=now)
        plan_steps(work, incident, {step: due_at for step in Step if step is not Step.approvals})
    return incident


def drafted(*words: str) -> str:
    """The same, with a first version written."""
    incident = under_review(*words)
    run("review", "draft", incident)
    return incident


def suppose(incident: str, sentence: str, rule: str = "test:1") -> None:
    """Propose a factor, as a rule does."""
    factor = Factor(rule=rule, category=Category.process, sentence=sentence, supports=(f"{incident}#2",))
    with closing(open_store()) as store, store.begin() as work:
        reviews.propose_factors(work, incident, [factor])
