"""Every command, and what it takes to give it: docs/reference/permissions.md shows it beside the pages.

A walk in tests/console/test_command_permissions.py gives each as every role and holds the answers against this.
"""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from console.cli.commands import app
from incidents.people import Act
from tests.routes import Entrance, Needed

COMMANDS: dict[str, Needed] = {
    "drill": Act.hand_in_signal,
    "signal": Act.hand_in_signal,
    "declare": Act.declare,
    "dismiss": Act.declare,
    "waive": Act.waive,
    "reopen": Act.declare,
    "restrict": Act.command,
    "hand-over": Act.command,
    "stand-down": Act.command,
    "close": Act.draft_review,
    "assess": Act.assess,
    "ask": Act.ask_partner,
    "acknowledge": Act.acknowledge,
    "asks": Entrance.known,
    "brief": Act.ask_partner,
    "oncall show": Act.see_roster,
    "oncall take": Act.take_shift,
    "search": Act.see_actions,
    "digest": Act.see_incidents,
    "verify": Act.verify,
    "incidents list": Act.see_incidents,
    "incidents show": Act.see_incidents,
    "incidents notes": Act.see_incidents,
    "incidents export": Act.draft_review,
    "incidents similar": Act.see_incidents,
    "guideline publish": Act.write_guideline,
    "guideline show": Act.see_sweep,
    "sweep try": Act.start_sweep,
    "sweep start": Act.start_sweep,
    "sweep widen": Act.start_sweep,
    "sweep status": Act.see_sweep,
    "sweep clusters": Act.see_sweep,
    "sweep plan": Act.start_sweep,
    "sweep claim": Act.work_batch,
    "sweep export": Act.work_batch,
    "sweep return": Act.work_batch,
    "sweep skip": Act.work_batch,
    "sweep import": Act.work_batch,
    "sweep urge": Act.start_sweep,
    "sweep undo": Act.undo,
    "sweep close": Act.command,
    "sweep act": Act.command,
    "sweep acted": Act.start_sweep,
    "sweep quality": Act.see_sweep,
    "sweep reread": Act.write_guideline,
    "sweep findings": Act.see_incidents,
    "certificate show": Act.verify,
    "certificate export": Act.verify,
    "golden import": Act.write_guideline,
    "golden list": Act.see_incidents,
    "golden retire": Act.write_guideline,
    "proposals list": Act.see_incidents,
    "proposals confirm": Act.waive,
    "proposals refuse": Act.waive,
    "review status": Act.see_incidents,
    "review done": Act.draft_review,
    "review skip": Act.draft_review,
    "review owner": Act.draft_review,
    "review approve": Act.approve_review,
    "review share": Act.share_review,
    "review suggest": Act.draft_review,
    "review draft": Act.draft_review,
    "review show": Act.see_incidents,
    "review sign": Act.sign_review,
    "review check": Act.see_incidents,
    "review metrics": Act.see_incidents,
    "review publish": Act.draft_review,
    "review factor": Act.draft_review,
    "review add-factor": Act.draft_review,
    "review star": Act.write_review,
    "review unstar": Act.write_review,
    "review zone": Act.draft_review,
    "review versions": Act.see_incidents,
    "review diff": Act.see_incidents,
    "review comment": Act.write_review,
    "review comments": Act.see_incidents,
    "review resolve": Act.write_review,
    "review write": Act.write_review,
    "review sections": Act.see_incidents,
    "actions list": Act.see_actions,
    "actions file": Act.draft_review,
    "actions change": Act.change_action,
    "actions export": Act.see_actions,
    "actions import": Act.change_action,
    "channels list": Act.administer,
    "channels test": Act.administer,
    "outbox list": Act.see_incidents,
    "outbox rerun": Act.ask_partner,
    "accounts link": Act.administer,
    "accounts list": Act.administer,
    "accounts disable": Act.administer,
    "accounts enable": Act.administer,
    "tokens make": Entrance.known,
    "tokens list": Entrance.known,
    "tokens revoke": Entrance.known,
    "senders make": Act.administer,
    "senders list": Act.administer,
    "senders renew": Act.administer,
    "senders end": Act.administer,
}
"""Command → one act, or every one of several; of a command with several uses that of the named incident."""

OF_THE_MACHINE: dict[str, str] = {
    "up": "It starts the programs of this machine, and whoever may do that can start them without it.",
    "doctor": "It looks at programs, files and settings, and shows nothing of an incident.",
    "certificate verify": "It computes from files that one was given; from the store, it asks to verify.",
    "review lint": "It reads a text that was typed, and nothing of the record.",
    "templates list": "It names templates.",
    "templates show": "It prints a shipped template.",
    "templates check": "It reads a folder of templates; on an incident it asks to draft a retrospective.",
    "platform serve": "It plays a platform with posts that whoever starts it hands in.",
    "db upgrade": "It changes the tables' form, which takes the database's own password.",
    "db status": "It tells the tables' revision.",
}
"""Command → why it asks nobody who they are."""


def commands() -> list[str]:
    """Every command that there is."""
    return list(_under(get_command(app), ()))


# Typer keeps the types of its commands to itself, hence Any.
def _under(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path)
        return
    for name, below in inner.items():
        yield from _under(below, (*path, name))
