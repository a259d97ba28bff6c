"""The reference pages that are written from the code, as `make golden` records them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import HttpUrl, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from console.api.description import Described, name_of
from console.api.refusals import REFUSALS
from console.app import ROOMS
from console.programs import deployments
from incidents.people import MAY, SEPARATE, Act, Role
from incidents.reviews.audiences import Audience
from incidents.reviews.metrics import METRICS, MILESTONES
from incidents.reviews.redaction import Rule, rules
from incidents.reviews.safety import DEFINITIONS
from incidents.reviews.shares import RATES, SHARES
from incidents.settings import Settings
from tests.commands import COMMANDS, OF_THE_MACHINE
from tests.routes import NEEDS, words_for

PAGES = Path(__file__).parents[1] / "docs" / "reference"

SETTINGS = """\
# Settings

Every setting is an environment variable; there is no settings file.
A command or a flow's process reads them once, when it starts: after a change, start again.
`watchfloor up` hands its own environment to everything that it starts.
Secrets are never printed, not even in an error.

This page is written from `incidents/settings.py` by `make golden`.

| variable | value | default | what it is for |
|---|---|---|---|
"""

DEPLOYMENTS = """\
# Deployments

Each flow is one deployment, and both carry the same name.
`watchfloor up` deploys all of them at its start, and `prefect deploy --all` does it by hand.
None of them is needed to decide anything:
a flow waits, a person decides at the command line, and the store knows it at once.

This page is written from `prefect.yaml` by `make golden`.
"""

PERMISSIONS = """\
# Who may do what

One table decides it for every door: command line, API and Prefect's forms.
People get their roles in `people.yaml`, or by their groups at a sign-in provider (`groups.yaml`).
On a fresh installation it is empty, and whoever runs Watchfloor acts with every role,
at the command line and through the API; Prefect's forms know nobody then.

This page is written from `incidents/people.py` by `make golden`.

"""

API = """\
# The JSON API

Everything that the pages do, under `/api/v1`, for tools and scripts.
`GET /api/v1/openapi.json` is its OpenAPI description, with each body's fields and an example of each answer.
[Outside tools](../howto/outside-tools.md) shows how to begin.
Who may do what is decided as for the pages: [permissions](permissions.md) lists each route.

- A request carries `Authorization: Bearer TOKEN`, or a session's cookie with `X-Watchfloor-CSRF`.
- A body is JSON (`Content-Type: application/json`) of 2 MB at most.
- A list comes a page at a time, as `items` and `next`; `next` is `after` of the request that goes on.
- A change may carry an `Idempotency-Key`.
  The same key with the same request is answered as before, for 24 hours; a refused request gives its key back.
- Where 428 is among the answers, a change carries the `ETag` of what was read as `If-Match`.
- Every error is a problem (RFC 9457) with `code`, `detail`, `reasons` and, where it is about one, `incident`.

The command line does not use the API: it works on the store directly, by the same functions.

This page is written from the description by `make golden`.

## Refusals

| status | what it means |
|---|---|
"""

API_COLUMNS = """\
| request | what it does | answers |
|---|---|---|
"""

MILESTONE_TABLE = """\
# Metrics

What a retrospective measures, and over several incidents `watchfloor review metrics`.
The same letters mean other things elsewhere; here each is a pair of milestones.
Drills are left out of everything but their own document.

This page is written from `incidents/reviews/` by `make golden`.

## Milestones

A milestone has a time, the entry behind it, and whether it was recorded or estimated.
One that was not recorded is never filled in.

| milestone | what it means |
|---|---|
"""

DURATION_TABLE = """
## Durations

Clock time, nights and weekends included, in UTC, so that no change of the clocks matters.
A duration is not measurable where a milestone is missing.
Nor is it where the end came before the start: that is a question to people.
An incident that is reopened begins another round, and a duration lies within one round.
In a later round, what would count from the declaration or the first signal counts from the reopening.

| duration | what it says | from | to |
|---|---|---|---|
"""

SHARE_TABLE = """
## Shares and rates

Each comes with its two numbers; of nothing it is not measurable.
A rate divides by something that it is no part of, and says by what.

| share or rate | what it says |
|---|---|
"""

SAFETY_TABLE = """
## Trust and safety

What the record tells of the posts and of those who read them.
Where something was not measured, the document says so, and why.

| number | what it says |
|---|---|
"""

ACROSS = """
## Over several incidents

```sh
watchfloor review metrics
watchfloor review metrics --json
```

Durations of incidents are skewed and few, so there is no mean.
There is the median, and the ninth decile: the smallest value that nine of ten incidents do not exceed.
Below ten incidents there is no ninth decile.
Beside both stands how many incidents they rest on, and with `--json` the list.
Shares are pooled: the sums of parts and wholes, not the mean of shares.
Of an incident that was reopened each duration is that of the first round in which it could be measured.
Incidents count whose crisis is over and that you may see.
"""

AUDIENCES = """\
# Who is shown what

`watchfloor review share` writes a retrospective for an audience.

| audience | what it is |
|---|---|
| `internal` | All of it. Whoever may see the incident may read it. |
| `privileged` | All of it under a banner, for counsel. |
| `partner` | What one partner team was asked and decided, and what happened when. |
| `public` | What happened when, decisions by language, and what is to be done by when. |

Neither a partner nor the public reads names, free text, or what was searched for.
A partner reads nothing of another team's asks, batches and numbers.

It is made of the record that the signed version was made of, which is kept: what happened since is not in it.
What is shown is listed below; all else is left out, also what is added to the record later.
The record is redacted first, and the document made of what is left.
So a template cannot tell what was taken out.
`watchfloor review check` reads from a document's header for whom it is, and holds it against the same.
What is made of the record that was signed is held against that, all else against the record as it is now.

Each value is looked at, too, not only the field that it stands in:

| rule | what it lets through |
|---|---|
| number | numbers, and yes or no |
| time | points in time |
| ours | words that Watchfloor itself gives: phases, milestones, states |
| id | ids that Watchfloor itself gives: `INC-12`, `INC-12-S1` |
| word | a short word in lower case that the site gives in its catalogue: a severity, a policy |
| language | a tag of a language: `de`, `pt-BR` |
| own | the name of the team that the document is for; what is another team's is left out whole |
| own ask | the same, for the key of an ask |
| rows | what it holds, by its own rules |
| grouped | counts by language, of all teams together |

A language in which fewer than {smallest} items were decided has no row of its own for the public.
It is counted together with others: with at least one, and with so many that they are {smallest} together.
So no small number is shown, and none comes back where the rows are taken from their sum.
Where all languages together are fewer than {smallest}, nothing is told of decisions.
Two documents of different days can tell more than one: compare a new one with the last before you share it.

A word in the catalogue is trusted: do not name a policy after a person.

This page is written from `incidents/reviews/redaction.yaml` by `make golden`.

## The record

| record | field | partner | public |
|---|---|---|---|
"""

FACTS = """
## The timeline

| event | partner | public |
|---|---|---|
"""

RULES = """
Three rules come on top:

- A partner lead or partner reviewer sees the work of their own team alone.
  For any other they are told `OTHER_TEAM`.
- A restricted incident is open to those who hold a role on it, and to administrators.
  Everybody else is told `INCIDENT_RESTRICTED`.
- An administrator may do all of it except to {separate}: that word must be that of a reviewer.

`watchfloor search` finds what a person may read, and counts nothing else.
Staff find titles, retrospectives, guidelines' titles, factors and action items; partners find the action items
that they or their team own.
Of a restricted incident only those find anything, an action item of theirs included, to whom it is open.

Whoever is refused is told a code, and what would be needed: [refusals](phases.md#refusals) lists them.

The pages prove who somebody is: they ask for a password, or for a link that works once.
The API asks for a session of theirs or for a token, which may do no more than it was made for.
The other doors believe the name that they are given.
`--as` at the command line and the field `person` of Prefect's forms are claims, not proofs: who can reach a
door can use any name there.
Keep the machine and Prefect's page to those whom you trust with that.
"""

WAYS = """
## Every page and every call

A way that is not in this table fails the tests.
So does one that lets in somebody else, or keeps out whom it should let in.
Each is gone as every role, as another team, in a restricted incident, and without signing in;
those of the API with tokens of too small a scope as well.

| way | what it takes |
|---|---|
"""

COMMANDS_HEAD = """
## Every command

A command that is not in this table fails the tests, and so does one that lets in somebody else.
Each is given as every role, as another team, in a restricted incident, and by somebody whom nobody knows.
To confirm or refuse takes what the step itself takes; here it is the waiver of a certificate.
`review show` is open to those, too, who have to approve what an audience reads, as far as it reads.

| command | what it takes |
|---|---|
"""

FREE_HEAD = """
These ask nobody who they are:

| command | why |
|---|---|
"""


def settings_page() -> str:
    """docs/reference/settings.md."""
    rows = [_setting(name, field) for name, field in Settings.model_fields.items()]
    return SETTINGS + "\n".join(rows) + "\n"


def _setting(name: str, field: FieldInfo) -> str:
    variable = f"WATCHFLOOR_{name.upper()}"
    if name == "secrets":
        variable += "__<NAME>"
    return f"| `{variable}` | {_kind(field.annotation)} | {_default(field)} | {field.description} |"


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    words: dict[Any, str] = {
        bool: "`true` or `false`",
        int: "whole number",
        float: "number",
        str: "text",
        Path: "folder",
        SecretStr: "secret",
        HttpUrl: "address",
    }
    found = [words[kind] for kind in words if kind is annotation or kind in getattr(annotation, "__args__", ())]
    return "secret" if "secret" in found else found[0]


def _default(field: FieldInfo) -> str:
    if field.default in (None, PydanticUndefined):
        return "–"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def deployments_page() -> str:
    """docs/reference/deployments.md."""
    return DEPLOYMENTS + "".join(_deployment(entry) for entry in deployments())


def _deployment(entry: dict[str, Any]) -> str:
    facts = [f"- Starts {each}." for each in _starts(entry)]
    if limit := entry.get("concurrency_limit"):
        facts.append(f"- At most {limit} at once.")
    facts += [f"- Entry point: `{entry['entrypoint']}`.", f"- Tags: {', '.join(entry['tags'])}."]
    return "\n".join(["", f"## {entry['name']}", "", entry["description"].strip(), "", *facts, ""])


def _starts(entry: dict[str, Any]) -> Iterator[str]:
    for schedule in entry.get("schedules", []):
        if "interval" in schedule:
            yield f"every {schedule['interval']} seconds"
        else:
            yield f"by the clock, `{schedule['cron']}` in {schedule['timezone']}"
    for trigger in entry.get("triggers", []):
        yield "after " + " or ".join(f"`{event}`" for event in trigger["expect"])
    if not entry.get("schedules") and not entry.get("triggers"):
        yield "when a person starts it"


def permissions_page() -> str:
    """docs/reference/permissions.md."""
    roles = list(Role)
    head = f"| act | {' | '.join(role.value.replace('_', ' ') for role in roles)} |"
    rows = [head, f"|---|{'---|' * len(roles)}"]
    rows += [f"| {act.value} | {' | '.join(_mark(act, role) for role in roles)} |" for act in Act]
    separate = ", ".join(sorted(act.value for act in SEPARATE))
    ways = [f"| `{way}` | {words_for(needed)} |" for way, needed in NEEDS.items()]
    given = [f"| `watchfloor {command}` | {words_for(needed)} |" for command, needed in COMMANDS.items()]
    free = [f"| `watchfloor {command}` | {why} |" for command, why in OF_THE_MACHINE.items()]
    parts = [PERMISSIONS + "\n".join(rows), RULES.format(separate=separate), WAYS + "\n".join(ways)]
    parts += [COMMANDS_HEAD + "\n".join(given), FREE_HEAD + "\n".join(free)]
    return "".join(f"{part.rstrip()}\n" for part in parts)


def _mark(act: Act, role: Role) -> str:
    is_administrator = role is Role.administrator and act not in SEPARATE
    return "yes" if role in MAY[act] or is_administrator else "–"


def metrics_page() -> str:
    """Every milestone, duration and share, as the retrospective defines them."""
    milestones = [f"| {name.replace('_', ' ')} | {meaning} |" for name, meaning in MILESTONES.items()]
    durations = [
        f"| {each.name} | {each.sentence} | {each.start.replace('_', ' ')} | {each.end.replace('_', ' ')} |"
        for each in METRICS
    ]
    shares = [f"| {each.name} | {each.sentence} |" for each in (*SHARES, *RATES)]
    safety = [f"| {name} | {meaning} |" for name, meaning in DEFINITIONS.items()]
    tables = ((MILESTONE_TABLE, milestones), (DURATION_TABLE, durations), (SHARE_TABLE, shares))
    parts = [part for head, rows in (*tables, (SAFETY_TABLE, safety)) for part in (head, "\n".join(rows))]
    return "".join(f"{part.rstrip()}\n" for part in [*parts, ACROSS])


def audiences_page() -> str:
    """docs/reference/audiences.md."""
    known = rules()
    fields = [
        f"| {model} | {name} | {_shown(each, Audience.partner)} | {_shown(each, Audience.public)} |"
        for model, named in known.fields.items()
        for name, each in named.items()
        if set(each.values()) != {Rule.hidden}
    ]
    facts = [
        f"| `{event}` | {_told(each.get(Audience.partner))} | {_told(each.get(Audience.public))} |"
        for event, each in known.facts.items()
    ]
    parts = [AUDIENCES.format(smallest=known.smallest), "\n".join(fields), FACTS, "\n".join(facts)]
    return "".join(f"{part.rstrip()}\n" for part in parts)


def _shown(named: dict[Audience, Rule], audience: Audience) -> str:
    rule = named.get(audience, Rule.hidden)
    return "–" if rule is Rule.hidden else rule.value.replace("_", " ")


def _told(facts: dict[str, Rule] | None) -> str:
    if facts is None:
        return "–"
    return ", ".join(
        ["its time", *(f"{name} ({rule.value.replace('_', ' ')})" for name, rule in facts.items())]
    )


def api_page() -> str:
    """docs/reference/api.md."""
    made = Described(generate_unique_id_function=name_of)
    made.state.routes = [route for room in ROOMS for route in room.router.routes]
    for room in ROOMS:
        made.include_router(room.router)
    by_tag: dict[str, list[str]] = {}
    for path, operations in made.openapi()["paths"].items():
        for method, told in operations.items():
            by_tag.setdefault(told["tags"][0], []).append(_operation(method, path, told))
    parts = [f"\n## {tag}\n\n{API_COLUMNS}{''.join(rows)}" for tag, rows in by_tag.items()]
    statuses = "".join(f"| {status} | {means} |\n" for status, means in REFUSALS.items())
    return f"{API}{statuses}{''.join(parts)}"


def _operation(method: str, path: str, told: dict[str, Any]) -> str:
    says = " ".join(told["description"].split()).replace("|", "\\|")
    answers = ", ".join(f"{status}" for status in told["responses"])
    return f"| `{method.upper()} {path}` | {says} | {answers} |\n"


WRITTEN: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "audiences.md": audiences_page,
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    "deployments.md": deployments_page,
    "permissions.md": permissions_page,
}
"""Name of a page → what it must hold."""
