"""Write the digest of a month into a file, and send it to the channel `digest` of the catalogue."""

from datetime import datetime
from pathlib import Path
from typing import Final

from prefect import task

from incidents.catalogue.channels import DIGEST
from incidents.files import write_whole
from incidents.message import Message
from incidents.people import Person, Role
from incidents.reviews.digest import Month, digest, month_before, to_markdown
from incidents.store import outbox
from incidents.store.digests import read_material
from tasks.world import catalogue, settings, store

WRITTEN: Final = "digest.month.written"
"""What the message is about. It is no event of an incident's timeline, which is why `Event` lacks it."""

ANYBODY: Final = Person(id="watchfloor", roles=frozenset({Role.reviewer}))
"""Who reads for the digest: one of the staff, who holds no role on any incident and sees no restricted one."""


@task(persist_result=False)
def write_last_digest(machine_now: datetime) -> str:
    """Write and promise the digest of the month before this one, and return its file.

    What was written before stays as it is, and is promised once, however often this runs.
    """
    month = month_before(machine_now)
    file = settings().home / "digests" / f"{month.name}.md"
    if not file.exists():
        _write(file, month)
    if any(channel.id == DIGEST for channel in catalogue().channels):
        _promise(month, file.read_text(encoding="utf-8"), machine_now)
    return str(file)


def _write(file: Path, month: Month) -> None:
    with store().read() as work:
        text = to_markdown(digest(month, read_material(work, month, ANYBODY)))
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text)


def _promise(month: Month, text: str, now: datetime) -> None:
    subject = f"What {month.name} brought"
    message = Message(key=f"digest:{month.name}", event=WRITTEN, subject=subject, text=text, at=now)
    with store().begin() as work:
        outbox.post_message(work, None, DIGEST, message)
