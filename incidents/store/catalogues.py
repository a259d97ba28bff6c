"""What the catalogue said and when: kept when it first comes into force, and which incidents went by it."""

import json
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from incidents.catalogue.editions import Content, Edition, Kind, digest_of, entries_of
from incidents.catalogue.model import Catalogue
from incidents.people import Act, Person, authorise
from incidents.store.catalogue_schema import catalogue_entries, catalogue_versions
from incidents.store.engine import Work
from incidents.store.incidents import readable
from incidents.store.schema import decisions, guidelines, incidents, sweeps

MOST = 200
"""Uses of an entry that are told, the newest."""


class Use(BaseModel):
    """An incident that went by an entry, under one of its versions."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    incident: str
    title: str
    version: int


class SweepUse(BaseModel):
    """A sweep in which somebody decided by a policy, under one of its versions."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    sweep: str
    incident: str
    version: int
    decisions: int


def keep_catalogue(work: Work, catalogue: Catalogue, *, now: datetime) -> int:
    """Keep what the catalogue says, and return how many editions are new; none where it is kept already."""
    if not work.insert_once(catalogue_versions, {"version": catalogue.version, "kept_at": now}):
        return 0
    found = [(kind, each) for kind in Kind for each in entries_of(catalogue, kind).values()]
    return sum(_keep(work, kind, content, now) for kind, content in found)


def editions_of(work: Work, kind: Kind, entry: str) -> list[Edition]:
    """Every edition of an entry that was ever in force, the first one first."""
    statement = sa.select(catalogue_entries).where(
        catalogue_entries.c.kind == kind.value, catalogue_entries.c.entry == entry
    )
    rows = work.execute(statement.order_by(catalogue_entries.c.id))
    return [Edition(**row._asdict() | {"content": json.loads(row.content)}) for row in rows]


def count_editions(work: Work) -> dict[tuple[Kind, str], int]:
    """How many editions of each entry are kept."""
    named = (catalogue_entries.c.kind, catalogue_entries.c.entry)
    rows = work.execute(sa.select(*named, sa.func.count().label("editions")).group_by(*named))
    return {(Kind(row.kind), row.entry): row.editions for row in rows}


def incidents_under(work: Work, kind: Kind, entry: str, *, by: Person) -> list[Use]:
    """The incidents that went by a protocol, or whose guidelines apply a policy; those that `by` may see.

    Of other kinds no incident names a version.
    """
    authorise(by, Act.see_incidents)
    shown = (incidents.c.id.label("incident"), incidents.c.title)
    match kind:
        case Kind.protocols:
            statement = sa.select(*shown, incidents.c.protocol_version.label("version")).where(
                incidents.c.protocol == entry
            )
        case Kind.policies:
            statement = (
                sa.select(*shown, guidelines.c.policy_version.label("version"))
                .join(guidelines, guidelines.c.incident_id == incidents.c.id)
                .where(guidelines.c.policy == entry, guidelines.c.policy_version.is_not(None))
                .group_by(incidents.c.id, incidents.c.title, incidents.c.number, guidelines.c.policy_version)
            )
        case _:
            return []
    newest = statement.where(readable(by)).order_by(incidents.c.number.desc()).limit(MOST)
    return [Use.model_validate(row) for row in work.execute(newest)]


def sweeps_under(work: Work, policy: str) -> list[SweepUse]:
    """The sweeps in which somebody decided by the policy, with how often, for nobody in particular.

    It reads every decision. A door keeps it (`console.lately`) and leaves out what its caller may not see.
    """
    named = (decisions.c.sweep_id.label("sweep"), sweeps.c.incident_id.label("incident"))
    version = decisions.c.policy_version.label("version")
    statement = (
        sa.select(*named, version, sa.func.count().label("decisions"))
        .join(sweeps, sweeps.c.id == decisions.c.sweep_id)
        .where(decisions.c.policy == policy, decisions.c.policy_version.is_not(None))
        .group_by(decisions.c.sweep_id, sweeps.c.incident_id, decisions.c.policy_version)
        .order_by(decisions.c.sweep_id, decisions.c.policy_version)
    )
    return [SweepUse.model_validate(row) for row in work.execute(statement)]


def _keep(work: Work, kind: Kind, content: Content, now: datetime) -> bool:
    row = {
        "kind": kind.value,
        "entry": content["id"],
        "version": content.get("version"),
        "digest": digest_of(content),
        "content": json.dumps(content),
        "kept_at": now,
    }
    return work.insert_once(catalogue_entries, row)
