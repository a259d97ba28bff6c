"""Publish a guideline that somebody wrote, from either door."""

from collections.abc import Mapping
from datetime import datetime

from incidents.catalogue.model import Catalogue
from incidents.people import Act, Person
from incidents.store.engine import Work
from incidents.store.guidelines import publish_guideline
from incidents.store.incidents import find_for

LARGEST = 200_000
"""Bytes, or characters. A guideline that is longer is not read by anybody during a crisis."""


def publish_by_hand(
    work: Work,
    catalogue: Catalogue,
    incident: str,
    bodies: Mapping[str, str],
    *,
    title: str,
    effective_from: datetime,
    by: Person,
    now: datetime,
) -> int:
    """Publish the next version and return its number. `bodies` is Markdown by language."""
    found = find_for(work, incident, by, Act.write_guideline)
    policy = catalogue.policy(found.policy) if found.policy else None
    return publish_guideline(
        work,
        incident,
        bodies,
        title=title or (policy.title if policy else found.title),
        policy=(policy.id, policy.version) if policy else None,
        effective_from=effective_from,
        by=by,
        now=now,
    )
