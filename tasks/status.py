"""What a person sees of an incident on Prefect's own page. Never the content of posts."""

from datetime import datetime

from prefect import task
from prefect.artifacts import create_markdown_artifact

from incidents.incident.incident import not_waived, stand_down_refusals
from incidents.store.asks import asks_of
from incidents.store.gates import open_gates
from incidents.store.incidents import find, loose
from incidents.store.lifecycle import waived_codes
from incidents.store.roles import tenures
from incidents.store.timeline import entries
from incidents.words import render, sentence
from tasks.world import catalogue, store

LATEST = 15
"""Entries of the timeline that the page shows."""


@task(persist_result=False)
def show_incident(incident: str, now: datetime) -> None:
    """Renew the incident's page in Prefect: phase, roles, what it waits for, what happened last.

    A restricted incident has none: whoever opens Prefect's page sees all of it.
    """
    with store().read() as work:
        found = find(work, incident)
        if found.restricted:
            return
        told = entries(work, incident, after=max(0, found.entries - LATEST))
        markdown = render(
            "artifacts/incident.md.j2",
            incident=found,
            now=now,
            checklist=catalogue().items_to_check(found.phase),
            roles=[role for role in tenures(work, incident) if role["handed_over_at"] is None],
            gates=open_gates(work, incident),
            asks=asks_of(work, incident),
            refusals=not_waived(stand_down_refusals(loose(work, incident)), waived_codes(work, incident)),
            told=[(entry, sentence(entry)) for entry in told],
        )
    create_markdown_artifact(markdown, key=incident.lower(), description=f"Where {incident} stands")
