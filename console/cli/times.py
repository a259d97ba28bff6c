"""Read a time that a person typed."""

from datetime import UTC, datetime

import typer


def read_time(text: str) -> datetime:
    """An aware time from `2026-03-01`, `2026-03-01 18:00` or full ISO 8601; without a zone it is UTC.

    What cannot be read is a mistake in typing: exit code 2.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time. Write 2026-03-01 or 2026-03-01T18:00+01:00.") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)
