"""Arguments and options that several commands share, each with its help in one place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident's id, e.g. INC-12.")]
SweepId = Annotated[str, typer.Argument(metavar="SWEEP", help="The sweep's id, e.g. INC-12-S1.")]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id, e.g. INC-12-S1-B3.")]
Reason = Annotated[
    str, typer.Option("--reason", help="Why; the timeline and the retrospective show it.", show_default=False)
]
Note = Annotated[str, typer.Option("--note", help="A note for the record.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results; it is made where it is missing.")]
WithPdf = Annotated[bool, typer.Option("--pdf", help="As PDF, too, where WeasyPrint is installed.")]


@dataclass(frozen=True)
class ImpactOptions:
    """How bad it is, and where. The fields are named as those of an impact; None where nothing was typed."""

    harm: Annotated[
        int | None, typer.Option(min=0, max=4, help="What can happen to people: 0 none to 4 grave.")
    ] = None
    reach: Annotated[
        int | None, typer.Option(min=0, max=4, help="How many see it: 0 isolated to 4 global.")
    ] = None
    velocity: Annotated[
        int | None, typer.Option(min=0, max=4, help="How fast it grows: 0 still to 4 explosive.")
    ] = None
    vulnerability: Annotated[
        int | None, typer.Option(min=0, max=4, help="How exposed its targets are: 0 none to 4 extreme.")
    ] = None
    jurisdictions: Annotated[
        list[str] | None,
        typer.Option(
            "--country", help="A country that is touched (ISO 3166, two letters); may be given again."
        ),
    ] = None

    @property
    def is_given(self) -> bool:
        """Whether anything was typed."""
        return self != ImpactOptions()


def example(*commands: str) -> str:
    """The lines under a command's help that show it in use."""
    word = "Example" if len(commands) == 1 else "Examples"
    return "\b\n" + "\n".join([f"{word}:", *(f"  $ {command}" for command in commands)])
