"""Every command, given as every role: docs/reference/permissions.md says who is let in."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from console.cli import door
from console.cli.commands import app
from incidents.catalogue.load import load_catalogue
from incidents.incident.incident import SYSTEM
from incidents.people import Role
from incidents.proposals import Step, Wanted
from incidents.store import outbox
from incidents.store.asks import ask_partner
from incidents.store.proposals import propose
from incidents.store.schema import incidents, roles
from tests.commands import COMMANDS, OF_THE_MACHINE, commands
from tests.console.command_line import NOW, at_home, open_store, told, write
from tests.console.swept import worked
from tests.console.test_permissions import PEOPLE, TEAM, ask_of, filed, may

WHY = ("--reason", "A reason")
INCIDENT, SWEEP, BATCH, PROPOSAL = "INC-1", "INC-1-S1", "INC-1-S1-B1", "INC-1-P1"
ASK, ACTION, FILE, FOLDER = "ask:INC-1:english:1", "INC-1-A1", "FILE", "FOLDER"

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "drill": ("--scenario", "none-such"),
    "signal": (FILE,),
    "declare": (INCIDENT, *WHY),
    "dismiss": (INCIDENT, *WHY),
    "waive": (INCIDENT, "GUIDELINE_MISSING", *WHY),
    "reopen": (INCIDENT, *WHY),
    "restrict": (INCIDENT, "--lift", *WHY),
    "hand-over": (INCIDENT, "--role", "policy", "--to", "ada-l"),
    "stand-down": (INCIDENT, *WHY),
    "close": (INCIDENT,),
    "assess": (INCIDENT, "--harm", "4"),
    "ask": (INCIDENT, "--team", "legal", "--text", "Which orders are to be expected?"),
    "acknowledge": (ASK,),
    "asks": (INCIDENT,),
    "brief": (INCIDENT, "--text", "Two teams read"),
    "oncall show": (),
    "oncall take": ("none-such", "--hours", "1", *WHY),
    "search": ("clinic",),
    "digest": ("--month", "2026-01"),
    "verify": (INCIDENT,),
    "incidents list": (),
    "incidents show": (INCIDENT,),
    "incidents notes": (INCIDENT,),
    "incidents export": (INCIDENT, "--out", FOLDER),
    "incidents similar": (INCIDENT,),
    "guideline publish": (INCIDENT, "--file", FILE),
    "guideline show": (INCIDENT,),
    "sweep try": (INCIDENT, "--term", "clinic", "--posts", FILE),
    "sweep start": (INCIDENT, "--term", "clinic", "--posts", FILE),
    "sweep widen": (SWEEP, "--posts", FILE),
    "sweep status": (SWEEP,),
    "sweep clusters": (SWEEP,),
    "sweep plan": (SWEEP, "--out", FILE),
    "sweep claim": (TEAM,),
    "sweep export": (BATCH, "--out", FILE),
    "sweep return": (BATCH, *WHY),
    "sweep skip": (BATCH, "1", *WHY),
    "sweep import": (FILE, "--batch", BATCH),
    "sweep urge": (SWEEP, "1", *WHY),
    "sweep undo": (SWEEP, "1", *WHY),
    "sweep close": (SWEEP, *WHY),
    "sweep act": (SWEEP,),
    "sweep acted": (SWEEP, FILE),
    "sweep quality": (SWEEP,),
    "sweep reread": (SWEEP,),
    "sweep findings": (INCIDENT,),
    "certificate show": (SWEEP,),
    "certificate export": (SWEEP, "--out", FOLDER),
    "golden import": (FILE,),
    "golden list": (),
    "golden retire": ("1", *WHY),
    "proposals list": (INCIDENT,),
    "proposals confirm": (PROPOSAL, *WHY),
    "proposals refuse": (PROPOSAL, *WHY),
    "review status": (INCIDENT,),
    "review done": (INCIDENT, "interviews"),
    "review skip": (INCIDENT, "interviews", *WHY),
    "review owner": (INCIDENT, "spare"),
    "review approve": (INCIDENT, "--audience", "internal", "--version", "1"),
    "review share": (INCIDENT, "--audience", "public", "--out", FOLDER),
    "review suggest": (INCIDENT,),
    "review draft": (INCIDENT,),
    "review show": (INCIDENT,),
    "review sign": (INCIDENT, "--version", "1"),
    "review check": (FILE,),
    "review metrics": (),
    "review publish": (INCIDENT,),
    "review factor": (INCIDENT, "1", "--state", "accepted"),
    "review add-factor": (INCIDENT, "--sentence", "Nobody was there", "--for", "INC-1#1"),
    "review star": (INCIDENT, "1"),
    "review unstar": (INCIDENT, "1"),
    "review zone": (INCIDENT, "UTC"),
    "review versions": (INCIDENT,),
    "review diff": (INCIDENT,),
    "review comment": (INCIDENT, "--text", "Whose clock is this?"),
    "review comments": (INCIDENT,),
    "review resolve": (INCIDENT, "1", *WHY),
    "review write": (INCIDENT, "lucky", "--text", "It was a Monday"),
    "review sections": (INCIDENT,),
    "actions list": (INCIDENT,),
    "actions file": (
        *(INCIDENT, "--title", "A rota", "--kind", "process"),
        *("--owner", "legal", "--success", "It is there"),
    ),
    "actions change": (ACTION, "--state", "in_progress"),
    "actions export": (INCIDENT, "--out", FILE),
    "actions import": (FILE,),
    "channels list": (),
    "channels test": ("legal",),
    "outbox list": (),
    "outbox rerun": ("1",),
    "accounts link": ("spare",),
    "accounts list": (),
    "accounts disable": ("spare", *WHY),
    "accounts enable": ("spare",),
    "tokens make": ("tracker", "--may", "hand in a signal", "--days", "90"),
    "tokens list": (),
    "tokens revoke": ("99",),
    "senders make": ("user-reports",),
    "senders list": (),
    "senders renew": ("nobody",),
    "senders end": ("nobody",),
}
"""Command → what it needs to come as far as the question who may."""

FILES: dict[str, tuple[str, str]] = {
    "signal": ("signals.jsonl", '{"source": "desk", "title": "Copies", "event_at": "2026-01-15T08:00:00Z"}\n'),
    "guideline publish": ("guideline.md", "Remove it.\n"),
    "sweep import": ("batch.csv", "item,verdict\n1,does_not_violate\n"),
    "sweep acted": ("plan.csv", "key,acted_at,reach_at_action\n"),
    "golden import": ("golden.csv", "policy,language,text,violates,clause\n"),
    "review check": ("retrospective.md", "# Retrospective INC-1: a crisis\n"),
    "actions import": (
        "actions.csv",
        "id,incident,title,kind,area,owner,success,factor,due_at,state,superseded_by,note\n"
        f"INC-1-A1,INC-1,Write it down,process,,{TEAM},It is written,,2026-02-14,in_progress,,\n",
    ),
}
"""Command → the file that it is handed. Any other one reads posts, or writes."""

BOUND = [
    command
    for command, words in ARGUMENTS.items()
    if any(INCIDENT in word for word in (*words, *FILES.get(command, ())))
]
"""Commands about one incident."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A crisis with a sweep that is read, an ask, an action item, a proposal, and one person of each role."""
    with pytest.MonkeyPatch.context() as patched:
        made = Path(tmp_path_factory.mktemp("commands"))
        at_home(made, patched, PEOPLE)
        # Reading it for each command would take most of the time.
        patched.setattr(door, "load_catalogue", cache(load_catalogue))
        worked(made)
        told("sweep", "claim", TEAM, "--as", "partner-reviewer")
        with closing(open_store()) as store, store.begin() as work:
            ask_partner(work, ask_of(INCIDENT), by=SYSTEM, now=NOW)
            filed(work, INCIDENT)
            wanted = Wanted(step=Step.waive, incident=INCIDENT, code="SWEEP_UNFINISHED")
            propose(work, wanted, by=SYSTEM, reason="It is over", waits=timedelta(weeks=999), now=NOW)
            assert outbox.undelivered(work)
        yield made


def give(folder: Path, command: str, person: str) -> Result:
    name, text = FILES.get(command, ("posts.csv", "id,text,language\n1,storm the clinic,en\n"))
    places = {FILE: str(write(folder / "handed" / name, text)), FOLDER: str(folder / "out")}
    words = [places.get(word, word) for word in ARGUMENTS[command]]
    return CliRunner().invoke(app, [*command.split(), *words, "--as", person])


def test_the_table_has_every_command() -> None:
    assert sorted([*COMMANDS, *OF_THE_MACHINE]) == sorted(commands())
    assert list(ARGUMENTS) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_lets_in_whom_the_table_says(folder: Path, command: str) -> None:
    for role in Role:
        answer = give(folder, command, role.value.replace("_", "-"))
        assert answer.exit_code in {0, 1}, answer.output
        assert "has no words for" not in answer.output
        assert ("ROLE_MISSING" in answer.output) != may(role, COMMANDS[command]), f"{role}: {answer.output}"


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_gives_a_command_whom_nobody_knows(folder: Path, command: str) -> None:
    answer = give(folder, command, "nobody-here")
    assert (answer.exit_code, "PERSON_UNKNOWN" in answer.output) == (1, True), answer.output


@pytest.fixture
def restricted(folder: Path) -> Iterator[Path]:
    """The crisis, open to those alone who hold a role on it: Ada and the administrator."""
    with closing(open_store()) as store:
        with store.begin() as work:
            work.execute(sa.delete(roles).where(roles.c.person.not_in(["ada-l"])))
            work.execute(incidents.update().where(incidents.c.id == INCIDENT).values(restricted=True))
        yield folder
        with store.begin() as work:
            work.execute(incidents.update().values(restricted=False))


@pytest.mark.parametrize("command", BOUND)
def test_a_restricted_incident_is_open_to_its_circle_alone(restricted: Path, command: str) -> None:
    others = [role for role in Role if role is not Role.administrator and may(role, COMMANDS[command])]
    answer = give(restricted, command, others[0].value.replace("_", "-"))
    assert (answer.exit_code, "INCIDENT_RESTRICTED" in answer.output) == (1, True), answer.output


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("acknowledge", "OTHER_TEAM"),
        ("sweep claim", "OTHER_TEAM"),
        ("sweep export", "OTHER_TEAM"),
        ("sweep import", "OTHER_TEAM"),
        ("sweep return", "OTHER_TEAM"),
        ("sweep skip", "OTHER_TEAM"),
        ("sweep undo", "OTHER_TEAM"),
        ("actions change", "OTHERS_ACTION"),
    ],
)
def test_another_team_s_work_is_left_alone(folder: Path, command: str, code: str) -> None:
    answer = give(folder, command, "stranger")
    assert (answer.exit_code, code in answer.output) == (1, True), answer.output


def test_another_team_sees_nothing_of_it(folder: Path) -> None:
    assert {ask["team"] for ask in told("asks", INCIDENT, "--as", "stranger")} <= {"legal"}
    assert {item["owner"] for item in told("actions", "list", INCIDENT, "--as", "stranger")} <= {"legal"}
    assert told("sweep", "clusters", SWEEP, "--as", "stranger") == []
