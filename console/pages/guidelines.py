"""What partner teams are to enforce: read it, compare its versions, write and publish the next one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, takewhile
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import HTMLResponse

from console.guiding import LARGEST, publish_by_hand
from console.pages.door import Answer, Form, OwnForm, Visits, attempt, go
from incidents.errors import BadInput, Conflict, NotFound, WatchfloorError
from incidents.fragments import to_fragment
from incidents.guidelines.changes import changes
from incidents.people import Act, Person, is_staff
from incidents.store.asks import asks_of
from incidents.store.engine import Work
from incidents.store.guidelines import Guideline, guideline_in_force, guidelines_of
from incidents.store.incidents import find_for

router = APIRouter(include_in_schema=False)

Version = Annotated[int | None, Query(ge=1)]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
"""The shape of a language tag (BCP 47)."""


@dataclass(frozen=True)
class Written:
    """The text in one language, as it stands in the form."""

    language: str
    body: str

    @property
    def html(self) -> str:
        """What readers will see."""
        return to_fragment(self.body)


@router.get("/incidents/{incident}/guidelines")
def show_guidelines(visits: Visits, incident: str, version: Version = None) -> HTMLResponse:
    """The version in force, or another one; for those who write it, with the next one begun."""
    return _page(visits, incident, version)


@router.get("/incidents/{incident}/guidelines/changes")
def show_changes(
    visits: Visits,
    incident: str,
    older: Annotated[int | None, Query(alias="from", ge=1)] = None,
    newer: Annotated[int | None, Query(alias="to", ge=1)] = None,
) -> HTMLResponse:
    """What changed between two versions, else the newest two, in each language that both have."""
    with visits.store.read() as work:
        found = find_for(work, incident, visits.person_in(work, incident), Act.see_incidents)
        versions = guidelines_of(work, incident)
    newer = newer or max((each.version for each in versions), default=0)
    older = older or newer - 1
    before, after = (_in_languages(versions, incident, number) for number in (older, newer))
    both = sorted(before.keys() & after.keys())
    return visits.page(
        "guideline_changes",
        incident=found,
        older=older,
        newer=newer,
        numbers=sorted({each.version for each in versions}),
        told=[(language, changes(before[language], after[language])) for language in both],
        only=sorted(before.keys() ^ after.keys()),
    )


@router.post("/incidents/{incident}/guidelines/publish", response_model=None)
def publish(visits: Visits, form: OwnForm, incident: str, after: BackgroundTasks) -> Answer:
    """Show what was written as readers will see it, or publish it as the next version."""
    if form.text("do") == "preview":
        return _page(visits, incident, typed=form)

    def done() -> Answer:
        with visits.moving(incident, after) as (work, by, now):
            version = _publish(visits, work, incident, form, by, now)
        return go(f"/incidents/{incident}/guidelines?version={version}")

    return attempt(done, lambda why: _page(visits, incident, refused=why, typed=form))


def _page(
    visits: Visits,
    incident: str,
    version: int | None = None,
    *,
    refused: WatchfloorError | None = None,
    typed: Form | None = None,
) -> HTMLResponse:
    with visits.store.read() as work:
        by, now = visits.person_in(work, incident), visits.now_in(work, incident)
        # Partner teams enforce it, so they read it; see_sweep is the act that staff and partners share.
        found = find_for(work, incident, by, Act.see_sweep)
        in_force = guideline_in_force(work, incident, language=None, now=now)
        versions = guidelines_of(work, incident)
        asks = asks_of(work, incident) if is_staff(by) else []
    number = in_force.version if in_force else 0
    if version is not None and is_staff(by):
        number = version
    shown = [each for each in versions if each.version == number]
    if version is not None and not shown:
        raise _no_version(incident, version)
    newest = [each for each in versions if each.version == versions[-1].version]
    return visits.page(
        "guidelines",
        status=422 if refused else 200,
        incident=found,
        in_force=in_force,
        shown=[(each, to_fragment(each.body)) for each in shown],
        versions=_first_of_each(versions) if is_staff(by) else [],
        asks=[ask for ask in asks if ask.guideline_version is not None],
        title=typed.text("title", 300) if typed else (newest[0].title if newest else ""),
        begun=_written(typed) if typed else [Written(each.language, each.body) for each in newest],
        was=newest[0].version if newest else 0,
        preview=typed is not None and refused is None,
        longest=LARGEST,
        its_now=now,
        refused=refused,
        typed=typed or Form({}),
    )


def _publish(visits: Visits, work: Work, incident: str, form: Form, by: Person, now: datetime) -> int:
    """The number of the version. Conflict where somebody published one since the form was made."""
    version = publish_by_hand(
        work,
        visits.catalogue,
        incident,
        _bodies(_written(form)),
        title=form.text("title", 300),
        effective_from=_time(form.text("effective")) or now,
        by=by,
        now=now,
    )
    if version != form.number("was") + 1:
        raise Conflict(
            f"Version {version - 1} of the guideline of {incident} was published since you began. Nothing of"
            f" yours was published. Compare it at /incidents/{incident}/guidelines and send yours again."
        )
    return version


def _written(form: Form) -> list[Written]:
    """The texts of the form, in order, without those that nobody wrote."""
    numbers = takewhile(lambda number: f"language-{number}" in form.fields, count())
    found = [
        Written(form.text(f"language-{n}", 100), form.text(f"body-{n}", LARGEST).replace("\r\n", "\n"))
        for n in numbers
    ]
    return [each for each in found if each.language or each.body]


def _bodies(written: list[Written]) -> dict[str, str]:
    """Text by language. BadInput where a language is no tag, or is there twice."""
    told = [each for each in written if each.body]
    wrong = [each.language for each in told if not _LANGUAGE.fullmatch(each.language)]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is no language. Write en, de, or pt-BR (BCP 47). Nothing was published.")
    bodies = {each.language: each.body for each in told}
    if len(bodies) != len(told):
        raise BadInput("Each language stands in a version once. Nothing was published.")
    return bodies


def _first_of_each(versions: list[Guideline]) -> list[tuple[Guideline, list[str]]]:
    """Each version, the newest first, with its languages."""
    named: dict[int, tuple[Guideline, list[str]]] = {}
    for each in versions:
        named.setdefault(each.version, (each, []))[1].append(each.language)
    return [named[number] for number in sorted(named, reverse=True)]


def _in_languages(versions: list[Guideline], incident: str, number: int) -> dict[str, str]:
    found = {each.language: each.body for each in versions if each.version == number}
    if not found:
        raise _no_version(incident, number)
    return found


def _no_version(incident: str, version: int) -> NotFound:
    return NotFound(f"The guideline of {incident} has no version {version} that you may read.")


def _time(text: str) -> datetime | None:
    """A time in UTC; None where none is given."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        raise BadInput(f"{text!r} is no time. Write 2027-03-01T18:00. Nothing was published.") from None
