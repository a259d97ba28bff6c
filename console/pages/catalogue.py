"""What people decide by: policies, protocols and the rest of the catalogue, with their editions."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse

from console.catalogue import changed_by_site, find_entry, left_out, list_entries, own_file, uses
from console.pages.door import Visits
from incidents.catalogue.editions import Kind

router = APIRouter(prefix="/catalogue", include_in_schema=False)

Number = Annotated[int | None, Query(ge=1, lt=2**31)]


@router.get("")
def show_catalogue(visits: Visits) -> HTMLResponse:
    """Every entry in force, kind by kind."""
    with visits.store.read() as work:
        found = list_entries(visits, work)
    kinds = [
        (kind, [each for each in found if each.kind is kind], own_file(visits, kind), left_out(visits, kind))
        for kind in Kind
    ]
    return visits.page("catalogue", kinds=kinds)


@router.get("/{kind}/{named}")
def show_entry(
    visits: Visits, kind: Kind, named: str, after: BackgroundTasks, edition: Number = None
) -> HTMLResponse:
    """One entry with all that it says: the edition in force, or another one."""
    with visits.store.read() as work:
        found = find_entry(visits, work, kind, named, edition)
        incidents, sweeps = uses(visits, work, kind, named, after)
    is_own = own_file(visits, kind)
    return visits.page(
        "catalogue_entry",
        entry=found,
        is_own=is_own,
        changed=changed_by_site(found) if is_own and found.number == found.in_force else None,
        incidents=incidents,
        sweeps=sweeps,
    )


@router.get("/{kind}/{named}/changes")
def show_changes(
    visits: Visits,
    kind: Kind,
    named: str,
    older: Annotated[int | None, Query(alias="from", ge=1, lt=2**31)] = None,
    newer: Annotated[int | None, Query(alias="to", ge=1, lt=2**31)] = None,
) -> HTMLResponse:
    """What changed between two editions, else from the one before to the one in force."""
    with visits.store.read() as work:
        found = find_entry(visits, work, kind, named, newer)
    older = older or max(found.number - 1, 1)
    told = found.compare(older, found.number)
    return visits.page("catalogue_changes", entry=found, older=older, told=told)
