"""The reference pages that are written from the code, as `make golden` records them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from console.programs import deployments
from incidents.people import MAY, SEPARATE, Act, Role
from incidents.reviews.metrics import METRICS, MILESTONES
from incidents.reviews.safety import DEFINITIONS
from incidents.reviews.shares import RATES, SHARES
from incidents.settings import Settings

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
People get their roles in `people.yaml`.
On a fresh installation it is empty, and whoever runs Watchfloor acts with every role,
at the command line and through the API; Prefect's forms know nobody then.

This page is written from `incidents/people.py` by `make golden`.

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
After a reopening the milestones tell the first round.

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
Incidents count whose crisis is over and that you may see.
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

The doors believe the name that they are given.
`--as` at the command line, the header `X-Watchfloor-Person` of the API and the field `person` of Prefect's
forms are claims, not proofs: who can reach a door can use any name there.
Keep the machine, the API's token and Prefect's page to those whom you trust with that.
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
    return PERMISSIONS + "\n".join(rows) + "\n" + RULES.format(separate=separate)


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


WRITTEN: dict[str, Callable[[], str]] = {
    "metrics.md": metrics_page,
    "settings.md": settings_page,
    "deployments.md": deployments_page,
    "permissions.md": permissions_page,
}
"""Name of a page → what it must hold."""
