"""Comments on a retrospective at the command line: write, answer, resolve and list them."""

from typing import Annotated, Any

import typer

from console.cli.door import Door
from console.cli.options import IncidentId, Reason, example
from console.reviewing import find_to_read
from incidents.errors import BadInput
from incidents.people import Act
from incidents.reviews.audiences import Audience
from incidents.reviews.comments import Comment, Thread
from incidents.store.comments import answer_comment, resolve_comment, threads_of, write_comment
from incidents.store.incidents import find_for
from incidents.store.reviews import read_draft

COLUMNS = ["number", "answers", "about", "version", "person", "written_at", "text", "resolved"]

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The comment that began the thread.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to those of the review."""
    word = "watchfloor review comment INC-12 --text"
    for command, lines in (
        (
            comment,
            (f"{word} 'Whose clock is this?' --about 'INC-12#7'", f"{word} 'The platform’s' --answers 1"),
        ),
        (comments, ("watchfloor review comments INC-12", "watchfloor review comments INC-12 --all")),
        (resolve, ("watchfloor review resolve INC-12 1 --reason 'Said in the section surprised'",)),
    ):
        app.command(epilog=example(*lines))(command)


def comment(
    ctx: typer.Context,
    incident: IncidentId,
    text: Annotated[str, typer.Option(help="What you say.")],
    about: Annotated[str, typer.Option(help="A section, or an entry such as INC-12#7. Default: all.")] = "",
    version: Annotated[int | None, typer.Option(help="What you read. Default: the newest.")] = None,
    answers: Annotated[int | None, typer.Option(min=1, help="The comment that you answer.")] = None,
) -> None:
    """Comment on the retrospective, or answer a comment. It is no part of the document."""
    if answers is not None and (about or version is not None):
        raise BadInput("An answer is about what its comment is about: leave out --about and --version.")
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        find_for(work, incident, by, Act.write_review)  # before anything of its versions is told
        if answers is not None:
            number = answer_comment(work, incident, answers, text, by=by, now=now)
        else:
            read = version or read_draft(work, incident).version
            number = write_comment(work, incident, text, version=read, place=about, by=by, now=now)
    sentence = f"Comment {number} on the retrospective of {incident} is kept."
    door.say(sentence, incident=incident, number=number)


def comments(
    ctx: typer.Context,
    incident: IncidentId,
    everything: Annotated[bool, typer.Option("--all", help="Those that are resolved, too.")] = False,
) -> None:
    """List the comments on the retrospective that nobody resolved, with their answers."""
    door = Door.of(ctx)
    with door.store.read() as work:
        by, _now = door.acting(work, incident)
        find_to_read(work, door.catalogue, incident, Audience.internal, by)
        found = [each for each in threads_of(work, incident) if everything or each.is_open]
    rows = [_row(each, thread) for thread in found for each in (thread.first, *thread.answers)]
    door.rows(rows, COLUMNS, empty=f"No comment on the retrospective of {incident} is open.")


def resolve(ctx: typer.Context, incident: IncidentId, number: Number, reason: Reason = "") -> None:
    """Resolve a comment, and say what came of it."""
    door = Door.of(ctx)
    with door.store.begin() as work:
        by, now = door.acting(work, incident)
        resolve_comment(work, incident, number, reason=reason, by=by, now=now)
    door.say(f"Comment {number} on {incident} is resolved.", incident=incident, number=number)


def _row(each: Comment, thread: Thread) -> dict[str, Any]:
    is_first = each.number == thread.first.number
    resolved = f"{each.resolved_by}: {each.resolution}" if each.resolved_by else ""
    told = each.model_dump(mode="json", include={"number", "version", "person", "written_at", "text"})
    answers = None if is_first else each.thread
    return told | {"answers": answers, "about": each.place, "resolved": resolved}
