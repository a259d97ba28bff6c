"""Bring people together once a crisis is declared: roles, the first guideline, asks to partner teams."""

from datetime import datetime

from prefect import task

from incidents.incident.asks import new_ask
from incidents.incident.incident import SYSTEM, Incident
from incidents.incident.phases import Phase
from incidents.people import Role
from incidents.store.asks import KEY_SLOT, NewAsk, ask_partner
from incidents.store.guidelines import guidelines_of, publish_guideline
from incidents.store.incidents import find
from incidents.store.lifecycle import start_response
from incidents.store.roles import take_role
from incidents.words import render
from tasks.world import catalogue, store

FIRST_LANGUAGE = "en"
"""The first guideline is written in the language of the catalogue; translations are versions to come."""


def phase_of(incident: str) -> Phase:
    """The phase that the incident is in."""
    with store().read() as work:
        return find(work, incident).phase


@task(persist_result=False)
def fill_roles(incident: str, now: datetime) -> list[str]:
    """Give each role of the protocol that nobody holds to the first person who is trusted with it."""
    filled = []
    with store().begin() as work:
        found = find(work, incident)
        for role in catalogue().protocol(found.protocol).roles:
            able = [p for p in catalogue().cast(drill=found.is_drill) if role in p.roles]
            if role is not Role.commander and able and take_role(work, incident, role, able[0], now=now):
                filled.append(role.value)
    return filled


@task(persist_result=False)
def publish_first_guideline(incident: str, now: datetime) -> int | None:
    """Publish what the policy says, as version 1, so that nobody enforces from memory; None if there is one.

    People replace it with `watchfloor guideline publish` as soon as they know more.
    """
    with store().begin() as work:
        found = find(work, incident)
        if found.policy is None or guidelines_of(work, incident):
            return None
        policy = catalogue().policy(found.policy)
        body = render("guideline.md.j2", incident=found, policy=policy, now=now)
        return publish_guideline(
            work,
            incident,
            {FIRST_LANGUAGE: body},
            title=policy.title,
            policy=(policy.id, policy.version),
            effective_from=now,
            by=SYSTEM,
            now=now,
        )


@task(persist_result=False)
def ask_notified_teams(incident: str, now: datetime) -> list[str]:
    """Ask the teams that the protocol names, each once."""
    asked = []
    with store().begin() as work:
        found = find(work, incident)
        for notice in catalogue().protocol(found.protocol).notifications:
            if notice.team is not None:
                text = render("asks/notify.md.j2", incident=found, notice=notice, ask=KEY_SLOT)
                new = _ask(found, notice.team, f"notify:{notice.id}", notice.sentence, text, now)
                asked.append(ask_partner(work, new, by=SYSTEM, now=now))
    return [key for key in asked if key]


@task(persist_result=False)
def ask_sweep_team(incident: str, sweep: str, team: str, items: int, now: datetime) -> str | None:
    """Ask a partner team to work its batches of a sweep; None where it was asked before."""
    with store().begin() as work:
        found = find(work, incident)
        published = guidelines_of(work, incident)
        version = max((guideline.version for guideline in published), default=None)
        text = render(
            "asks/sweep.md.j2",
            incident=found,
            sweep=sweep,
            team=team,
            items=items,
            version=version,
            ask=KEY_SLOT,
        )
        what = f"Work {items} items of {sweep}."
        new = _ask(found, team, sweep, what, text, now, guideline_version=version)
        return ask_partner(work, new, by=SYSTEM, now=now)


@task(persist_result=False)
def begin_response(incident: str, now: datetime) -> Phase:
    """Move a declared incident on to its response, unless it went on before."""
    with store().begin() as work:
        if find(work, incident).phase is Phase.declared:
            start_response(work, incident, now=now)
        return find(work, incident).phase


def _ask(
    incident: Incident,
    team: str,
    about: str,
    what: str,
    text: str,
    now: datetime,
    *,
    guideline_version: int | None = None,
) -> NewAsk:
    known = catalogue()
    return new_ask(
        incident,
        known.team(team),
        known.severity(incident.severity).clocks,
        about=about,
        what=what,
        text=text,
        guideline_version=guideline_version,
        now=now,
    )
