"""How does a message reach a partner who needs no other system than a shared folder?"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from incidents.catalogue.channels import FileChannel
from incidents.message import Message, Receipt
from incidents.settings import Settings
from tasks.partners.words import stable_name, undelivered


@dataclass(frozen=True)
class FilePartner:
    """One folder, one Markdown file a message, its facts in a head that is YAML."""

    channel: FileChannel
    settings: Settings

    def deliver(self, message: Message) -> Receipt:
        """Write the file, whole or not at all. A file that is there stays as it is: it may bear notes.

        Raises PartnerUnreachable, never permanent: disks are emptied and rights are given.
        """
        path = self.settings.home / self.channel.folder / f"{stable_name(message)}.md"
        try:
            if not path.exists():
                _write(path, _page(message))
        except OSError as error:
            what = f"{path} could not be written ({error.strerror or error})"
            do = "Make room or give the right to write there; Watchfloor tries again."
            raise undelivered(message, self.channel.id, what, do=do) from error
        return Receipt(channel=self.channel.id, reference=str(path))


def _page(message: Message) -> str:
    told = {**message.facts, "key": message.key, "event": message.event, "at": message.at.isoformat()}
    head = "".join(f"{json.dumps(name)}: {json.dumps(value)}\n" for name, value in told.items())
    return f"---\n{head}---\n\n# {' '.join(message.subject.split())}\n\n{message.text.rstrip()}\n"


def _write(path: Path, page: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because os.replace is atomic within one file system only.
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with part.open("x", encoding="utf-8") as written:
            written.write(page)
            written.flush()
            os.fsync(written.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
