"""What the doctor looks at on this machine: the home folder, the catalogue, people, secrets, mail."""

import os
import shutil
import smtplib
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from console.finding import Finding, bad, ok, warn
from console.people import is_one_operator, operator
from console.sender_key import key_file
from incidents.catalogue.channels import Channel, ChatChannel, EmailChannel, WebhookChannel
from incidents.catalogue.load import check_catalogue, load_catalogue
from incidents.catalogue.model import Catalogue
from incidents.own_templates import faults
from incidents.people import Role
from incidents.settings import Settings
from incidents.words import counted, own_files

LITTLE, VERY_LITTLE = 2_000_000_000, 200_000_000
"""Bytes of free disk below which the doctor warns, and below which writing will soon fail."""

MAIL_SECONDS = 5.0


def home(settings: Settings) -> Iterator[Finding]:
    """Whether the home folder can be written to, and how much room there is."""
    place = settings.home.absolute()
    existing = next(path for path in (place, *place.parents) if path.exists())
    try:
        with TemporaryFile(dir=existing):
            pass
    except OSError as error:
        todo = "Give this user the right to write there, or set WATCHFLOOR_HOME to another folder."
        yield bad("home", f"{place} cannot be written to: {error.strerror}.", todo)
        return
    free = shutil.disk_usage(existing).free
    room = f"{place} has {free / 1e9:,.1f} GB free."
    if free < VERY_LITTLE:
        yield bad("home", room, "Free some disk now: nothing can be recorded on a full one.")
    elif free < LITTLE:
        yield warn("home", room, "Free some disk, or move the home folder (WATCHFLOOR_HOME).")
    else:
        yield ok("home", room)


def sender_key(settings: Settings) -> Iterator[Finding]:
    """Whether what senders of signals sign with is kept from other users; nothing where there is none yet."""
    path = key_file(settings)
    if settings.sender_key is None and path.exists():
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield bad("sender key", f"Others on this machine can read {path}.", f"chmod 600 {path}.")
        else:
            yield ok("sender key", f"It lies in {path}, for this user alone.")


def catalogue(settings: Settings) -> Iterator[Finding]:
    """Every problem of the catalogue, with its file and line."""
    problems = check_catalogue(settings.catalogue_folder)
    for problem in problems:
        yield bad("catalogue", str(problem), "Mend this line; until then no command that needs it works.")
    if not problems:
        folder = settings.catalogue_folder
        source = f"{folder} and the shipped files" if folder.is_dir() else "the shipped files"
        yield ok("catalogue", f"Version {load_catalogue(folder).version}, from {source}.")


def templates(settings: Settings) -> Iterator[Finding]:
    """Everything that is wrong with the site's own templates; nothing is said where it has none."""
    folder = settings.templates_folder
    if settings.templates is not None and not folder.is_dir():
        yield bad("templates", f"{folder} is no folder.", "Make it, or unset WATCHFLOOR_TEMPLATES.")
    wrong = faults(folder)
    for fault in wrong:
        where = f"{fault.file}:{fault.line}" if fault.line else fault.file
        yield bad("templates", f"{where}: {fault.why}", "Mend or remove this file: it is used as it is.")
    own = own_files(folder)
    if own and not wrong:
        yield ok("templates", f"{counted(len(own), 'template')} of this site's own, from {folder}.")


def people(settings: Settings) -> Iterator[Finding]:
    """Whether somebody can declare a crisis, and somebody else sign its retrospective."""
    known = _catalogue(settings)
    if known is None:
        return
    if is_one_operator(known):
        todo = f"List the people in {settings.catalogue_folder / 'people.yaml'} before a team works here."
        yield warn("people", f"Nobody is listed, so {operator(settings).id} acts with every role.", todo)
        return
    roles = {role for person in known.people for role in person.roles}
    roles |= {role for group in known.groups for role in group.roles}
    for role in (Role.commander, Role.reviewer):
        if role not in roles:
            yield warn(
                "people",
                f"Nobody is a {role}.",
                f"Give somebody the role {role} in people.yaml, or a group in groups.yaml.",
            )
    if settings.person and settings.person not in {person.id for person in known.people}:
        todo = "Set WATCHFLOOR_PERSON to somebody of people.yaml, or give commands --as."
        yield bad("people", f"WATCHFLOOR_PERSON is {settings.person}, whom nobody knows.", todo)
    yield ok("people", f"{len(known.people)} people are listed.")


def secrets(settings: Settings) -> Iterator[Finding]:
    """Whether each secret that a channel names is there. Their values are never shown."""
    known = _catalogue(settings)
    named = [(each.id, name) for each in (known.channels if known else ()) if (name := _secret(each))]
    for channel, name in named:
        if name.lower() not in settings.secrets:
            variable = f"WATCHFLOOR_SECRETS__{name.upper()}"
            yield bad("secrets", f"The channel {channel} needs the secret {name}.", f"Set {variable}.")
    if known is not None and all(name.lower() in settings.secrets for _, name in named):
        yield ok("secrets", f"{len(named)} are needed, and there.")


def mail_server(settings: Settings) -> Iterator[Finding]:
    """Whether the mail server answers, if there is one or one is needed."""
    known = _catalogue(settings)
    needed = known is not None and any(isinstance(each, EmailChannel) for each in known.channels)
    if settings.smtp_host is None:
        if needed:
            yield bad(
                "mail server", "A channel sends e-mail, and there is no server.", "Set WATCHFLOOR_SMTP_HOST."
            )
        return
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=MAIL_SECONDS) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        todo = "Start it, or mend WATCHFLOOR_SMTP_HOST and WATCHFLOOR_SMTP_PORT."
        yield bad("mail server", f"{where} does not answer: {type(error).__name__}.", todo)
    else:
        yield ok("mail server", f"{where} answers.")


def threads(_settings: Settings) -> Iterator[Finding]:
    """Whether numeric libraries are kept to a thread each, where many processes share few cores."""
    told = os.environ.get("OMP_NUM_THREADS")
    if told is None:
        yield ok("threads", "`watchfloor up` sets OMP_NUM_THREADS=1 for what it starts.")
    elif told == "1":
        yield ok("threads", "OMP_NUM_THREADS is 1.")
    else:
        todo = "Unset it unless you measured that it helps: spinning threads slow every other process down."
        yield warn("threads", f"OMP_NUM_THREADS is {told[:20]}, for every worker.", todo)


def _catalogue(settings: Settings) -> Catalogue | None:
    """The catalogue, or None where `catalogue` has told what is wrong with it."""
    site: Path = settings.catalogue_folder
    return None if check_catalogue(site) else load_catalogue(site)


def _secret(channel: Channel) -> str | None:
    return channel.secret if isinstance(channel, WebhookChannel | ChatChannel) else None
