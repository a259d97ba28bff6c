"""Which files the catalogue is read from, and what each of them holds."""

from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from incidents.catalogue.channels import Channel
from incidents.catalogue.checklists import Checklist
from incidents.catalogue.detection import DetectionRule
from incidents.catalogue.groups import Group
from incidents.catalogue.marks import START, Document, Fault, read
from incidents.catalogue.policies import Policy
from incidents.catalogue.protocols import Protocol
from incidents.catalogue.rotations import Rotation
from incidents.catalogue.severities import PriorityRule, Severity
from incidents.catalogue.teams import PersonEntry, Team

SHIPPED = File(__file__).parent / "default"
"""Folder of the files that ship; a site's file of the same name replaces one whole."""

FILES: dict[str, dict[str, Any]] = {
    "policies.yaml": {"policies": Policy},
    "severities.yaml": {"severities": Severity, "priority_rules": PriorityRule},
    "protocols.yaml": {"protocols": Protocol},
    "checklists.yaml": {"checklists": Checklist},
    "teams.yaml": {"teams": Team},
    "channels.yaml": {"channels": Channel},
    "people.yaml": {"people": PersonEntry},
    "drill_people.yaml": {"drill_people": PersonEntry},
    "groups.yaml": {"groups": Group},
    "detection.yaml": {"detection_rules": DetectionRule},
    "oncall.yaml": {"rotations": Rotation},
}
"""File → its lists → the model of an entry. Each file also has a `version`, a whole number from 1."""


@dataclass(frozen=True)
class Problem:
    """One mistake in one file: where it is, and what to do about it. Line and column count from 1."""

    file: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.where, self.message) if part)


@dataclass(frozen=True)
class Sheet:
    """One file of the catalogue as it was found."""

    name: str
    path: File
    shipped: bool
    document: Document

    def problem(self, fault: Fault) -> Problem:
        """The fault, with the file in which it is."""
        return Problem(str(self.path), fault.mark.line, fault.mark.column, fault.where, fault.message)


def read_sheets(site: File | None) -> dict[str, Sheet]:
    """Every file of the catalogue by name: the site's where it has one, the shipped one otherwise."""
    return {name: read_sheet(name, site) for name in FILES}


def stray_files(site: File | None) -> list[Problem]:
    """YAML files of the site that would be ignored in silence, for instance a name with a slip in it."""
    if site is None or not site.exists():
        return []
    if not site.is_dir():
        return [Problem(str(site), 1, 1, "", "this is a file; the catalogue is a folder of YAML files")]
    names = sorted(path.name for path in site.iterdir() if path.suffix in {".yaml", ".yml"})
    message = f"no such file is read; the names are {', '.join(FILES)}"
    return [Problem(str(site / name), 1, 1, "", message) for name in names if name not in FILES]


def read_sheet(name: str, site: File | None) -> Sheet:
    """One file of the catalogue: the site's where it has one, the shipped one otherwise."""
    own = site / name if site else None
    path = own if own and own.exists() else SHIPPED / name
    try:
        document = read(path.read_bytes())
    except OSError as error:
        document = Document(faults=[Fault(START, "", f"this cannot be read: {error.strerror}")])
    return Sheet(name, path, path is not own, document)
