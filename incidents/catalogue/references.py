"""What the files of the catalogue say about one another, and whether it holds.

Works on the plain values, so that an entry with a mistake of its own is still known to those that refer
to it, and one mistake is told once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from incidents.catalogue.marks import Fault, Path, spell
from incidents.catalogue.model import DEFAULT_PROTOCOL
from incidents.catalogue.sheets import FILES, Problem, Sheet
from incidents.catalogue.teams import CATCH_ALL
from incidents.people import PROVIDED, Role, is_provided

Sheets = dict[str, Sheet]


@dataclass(frozen=True)
class Reference:
    """That the values at one place are ids of entries of a list."""

    file: str
    at: str
    to: str


REFERENCES = (
    Reference("severities.yaml", "priority_rules[].severity", "severities"),
    Reference("protocols.yaml", "protocols[].notifications[].team", "teams"),
    Reference("teams.yaml", "teams[].channels[]", "channels"),
    Reference("people.yaml", "people[].team", "teams"),
    Reference("people.yaml", "people[].channel", "channels"),
    Reference("drill_people.yaml", "drill_people[].team", "teams"),
    Reference("drill_people.yaml", "drill_people[].channel", "channels"),
    Reference("groups.yaml", "groups[].team", "teams"),
    Reference("detection.yaml", "detection_rules[].policy", "policies"),
    Reference("detection.yaml", "detection_rules[].match.policies[]", "policies"),
    Reference("detection.yaml", "detection_rules[].protocol", "protocols"),
)

HOME = {key: name for name, lists in FILES.items() for key in lists}
"""List → the file that holds it."""

PARTNERS = frozenset({Role.partner_lead, Role.partner_reviewer})


def places(value: Any, pattern: str) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401  a file holds anything
    """Each value at a pattern such as `teams[].channels[]`, with its path; what does not fit is passed by."""
    return _walk(value, pattern.replace("[]", ".[]").split("."), ())


def _walk(value: Any, parts: list[str], path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401
    if not parts:
        yield path, value
        return
    for key, inner in _step(value, parts[0]):
        yield from _walk(inner, parts[1:], (*path, key))


def _step(value: Any, part: str) -> list[tuple[str | int, Any]]:  # noqa: ANN401  a file holds anything
    if part == "[]":
        return list(enumerate(value)) if isinstance(value, list) else []
    return [(part, value[part])] if isinstance(value, dict) and part in value else []


def reference_problems(sheets: Sheets) -> list[Problem]:
    """Every broken reference and every broken rule between entries. Files that cannot be read are left out."""
    found = [
        *_broken_references(sheets),
        *_priority_rules(sheets["severities.yaml"]),
        *_stages(sheets["protocols.yaml"]),
        *_default_protocol(sheets["protocols.yaml"]),
        *_roles_or_teams(sheets),
        *_phases_once(sheets["checklists.yaml"]),
        *_teams(sheets["teams.yaml"]),
        *_chat_addresses(sheets["channels.yaml"]),
        *_partners_without_team(sheets),
        *_cast_apart(sheets),
        *_ids_of_the_provider(sheets),
        *_subjects_once(sheets["people.yaml"]),
    ]
    return [sheet.problem(fault) for sheet, fault in found]


Found = Iterator[tuple[Sheet, Fault]]


def _fault(sheet: Sheet, path: Path, message: str) -> tuple[Sheet, Fault]:
    return sheet, Fault(sheet.document.mark(path), spell(path), message)


def _ids(sheets: Sheets, key: str) -> list[str] | None:
    """The ids in a list, None where its file could not be read: then nothing can be said about it."""
    content = sheets[HOME[key]].document.content
    if not isinstance(content, dict) or not isinstance(content.get(key), list):
        return None
    return [name for _, name in places(content, f"{key}[].id") if isinstance(name, str)]


def _broken_references(sheets: Sheets) -> Found:
    for reference in REFERENCES:
        sheet, known = sheets[reference.file], _ids(sheets, reference.to)
        for path, name in places(sheet.document.content, reference.at):
            if known is not None and isinstance(name, str) and name not in known:
                yield _fault(sheet, path, _nothing_by_that_name(name, reference, sheets))


def _nothing_by_that_name(name: str, reference: Reference, sheets: Sheets) -> str:
    target = sheets[HOME[reference.to]]
    message = f"`{name}` is not among the {reference.to} of {target.name}"
    if sheets[reference.file].shipped and not target.shipped:
        return f"{message}; put your own {reference.file} beside your {target.name}"
    return message


def _priority_rules(sheet: Sheet) -> Found:
    rules = [path for path, _ in places(sheet.document.content, "priority_rules[]")]
    always = [
        path[:2] for path, value in places(sheet.document.content, "priority_rules[].when[]") if value == {}
    ]
    if rules and rules[-1] not in always:
        yield _fault(sheet, (*rules[-1], "when"), "the last rule must match everything: `when: [{}]`")
    for path in always:
        if path != rules[-1]:
            yield _fault(sheet, (*path, "when"), "this matches everything, so no rule after it is reached")


def _stages(sheet: Sheet) -> Found:
    content = sheet.document.content
    for path, protocol in places(content, "protocols[]"):
        known = [name for _, name in places(protocol, "stages[].id")]
        for pattern in ("notifications[].stage", "clocks[].stage"):
            for inner, name in places(protocol, pattern):
                if isinstance(name, str) and name not in known:
                    yield _fault(sheet, (*path, *inner), f"`{name}` is not among the stages of this protocol")


def _default_protocol(sheet: Sheet) -> Found:
    known = [name for _, name in places(sheet.document.content, "protocols[].id")]
    if known and DEFAULT_PROTOCOL not in known:
        message = f"no protocol is called `{DEFAULT_PROTOCOL}`: it is used where no other fits"
        yield _fault(sheet, ("protocols",), message)


ROLES_OR_TEAMS = (
    ("protocols.yaml", "protocols[].approvals[].by[]"),
    ("protocols.yaml", "protocols[].debrief.questions[].ask"),
    ("oncall.yaml", "rotations[].duty"),
)


def _roles_or_teams(sheets: Sheets) -> Found:
    teams = _ids(sheets, "teams")
    for file, pattern in ROLES_OR_TEAMS:
        sheet = sheets[file]
        for path, name in places(sheet.document.content, pattern):
            if teams is not None and isinstance(name, str) and name not in {*Role, *teams}:
                yield _fault(sheet, path, f"`{name}` is neither a role nor among the teams of teams.yaml")


def _phases_once(sheet: Sheet) -> Found:
    seen: set[str] = set()
    for path, phase in places(sheet.document.content, "checklists[].phase"):
        if isinstance(phase, str) and phase in seen:
            yield _fault(sheet, path, f"the phase {phase} has a checklist already")
        seen.add(str(phase))


def _teams(sheet: Sheet) -> Found:
    content = sheet.document.content
    languages = {
        language for _, language in places(content, "teams[].languages[]") if isinstance(language, str)
    }
    if any(places(content, "teams[]")) and CATCH_ALL not in languages:
        yield _fault(sheet, ("teams",), f"no team takes `{CATCH_ALL}`: posts that no other team reads get lost")
    for path, team in places(content, "teams[]"):
        if isinstance(team, dict) and team.get("languages") and not team.get("reviewers"):
            yield _fault(
                sheet, (*path, "reviewers"), "a team with languages works batches: how many reviewers?"
            )


def _chat_addresses(sheet: Sheet) -> Found:
    for path, channel in places(sheet.document.content, "channels[]"):
        chat = isinstance(channel, dict) and channel.get("kind") == "chat"
        if chat and bool(channel.get("url")) == bool(channel.get("secret")):
            yield _fault(sheet, path, "a chat channel has either a `url` or a `secret`")


def _partners_without_team(sheets: Sheets) -> Found:
    for key in ("people", "drill_people", "groups"):
        sheet = sheets[HOME[key]]
        for path, role in places(sheet.document.content, f"{key}[].roles[]"):
            person = sheet.document.content[key][path[1]]
            if isinstance(role, str) and role in PARTNERS and not person.get("team"):
                yield _fault(sheet, path, f"a {role} sees the work of one team: give them a `team`")


def _cast_apart(sheets: Sheets) -> Found:
    cast = _ids(sheets, "drill_people") or []
    for path, name in places(sheets["people.yaml"].document.content, "people[].id"):
        if name in cast:
            message = f"`{name}` plays in drills: take another id, or bring your own drill_people.yaml"
            yield _fault(sheets["people.yaml"], path, message)


def _ids_of_the_provider(sheets: Sheets) -> Found:
    for key in ("people", "drill_people"):
        sheet = sheets[HOME[key]]
        for path, name in places(sheet.document.content, f"{key}[].id"):
            if isinstance(name, str) and is_provided(name):
                message = f"ids that end in `{PROVIDED}` are given to people of the sign-in provider"
                yield _fault(sheet, path, message)


def _subjects_once(sheet: Sheet) -> Found:
    seen: set[str] = set()
    for path, subject in places(sheet.document.content, "people[].subject"):
        if isinstance(subject, str) and subject in seen:
            yield _fault(sheet, path, "somebody else has this subject already: one sign-in is one person")
        seen.add(str(subject))
